import { posix } from "node:path";
import type { TaskAssignment } from "../protocol/task-assignment.ts";
import { quoted } from "../support/printable.ts";
import { shownImage } from "../support/shown-image.ts";
import type { TaskOptions } from "./task-options.ts";
import type { SidecarSpec } from "./task-spec.ts";
import { trimmed } from "./trimmed.ts";

/** Where the first sidecar appears; it holds the entrypoint and the agent. */
export const AGENT_MOUNT_PATH = "/agent";

/** A path inside of the container, or one plain line about what is wrong with it. */
type MountPath = { readonly path: string } | { readonly problem: string };

/** Sidecars in the order in which they are mounted, or one plain line about the one that is refused. */
export type SidecarPlan =
  | { readonly kind: "ready"; readonly sidecars: readonly SidecarSpec[] }
  | { readonly kind: "refused"; readonly problem: string };

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** `..` is refused and not resolved: nobody means it, and it is how one mount reaches for another. */
function readMountPath(text: string | undefined): MountPath {
  const path = trimmed(text);
  if (path === undefined) return { problem: "the mount path is empty" };
  if (/\p{Cc}/u.test(path)) return { problem: `the mount path ${quoted(path)} holds a control character` };
  if (!path.startsWith("/")) return { problem: `the mount path ${quoted(path)} is not absolute` };
  if (path.split("/").includes("..")) return { problem: `the mount path ${quoted(path)} holds a ".." segment` };
  // A leading double slash is kept by some normalisations; here it is one slash.
  const normal = withoutTrailingSlash(posix.normalize(path.replace(/^\/+/, "/")));
  return normal === "/" ? { problem: "the mount path is the root of the container" } : { path: normal };
}

/** The container path of each volume, where the bind syntax is unmistakable. */
function volumeTargets(volumes: readonly string[]): ReadonlyMap<string, string> {
  const targets = new Map<string, string>();
  for (const volume of volumes) {
    const target = volume.split(":")[1]?.trim();
    if (target?.startsWith("/")) targets.set(withoutTrailingSlash(posix.normalize(target)), volume);
  }
  return targets;
}

interface Wish {
  /** How messages call it. */
  readonly name: string;
  readonly image: string | undefined;
  readonly mountPath: string | undefined;
  readonly readWrite: boolean;
}

function wishes(assignment: TaskAssignment, ownImage: string | undefined): readonly Wish[] {
  const assigned = trimmed(assignment.sidecar_image);
  const agentImage = assigned && (trimmed(ownImage) ?? assigned);
  const agent = { name: "sidecar_image", image: agentImage, mountPath: AGENT_MOUNT_PATH, readWrite: false };
  const additional = assignment.additional_sidecars.map((sidecar, index) => ({
    name: `additional_sidecars[${index}]`,
    image: trimmed(sidecar.image),
    mountPath: sidecar.mount_path,
    readWrite: sidecar.read_write === true,
  }));
  return agentImage === undefined ? additional : [agent, ...additional];
}

/**
 * The sidecars of an assignment: the agent's first, or the worker's own in its place, unless there is none, then the additional
 * ones. An empty image and an unusable mount path are refused by name, as is a path that another sidecar or a configured
 * volume has already.
 */
export function planSidecars(
  assignment: TaskAssignment,
  { volumes, sidecarImage }: Pick<TaskOptions, "volumes" | "sidecarImage">,
): SidecarPlan {
  const refuse = (wish: Wish, problem: string): SidecarPlan => {
    const image = wish.image === undefined ? "" : ` (${shownImage(wish.image)})`;
    return { kind: "refused", problem: `sidecar ${wish.name}${image}: ${problem}` };
  };
  const fromVolumes = volumeTargets(volumes);
  const taken = new Map<string, string>();
  const sidecars: SidecarSpec[] = [];

  for (const wish of wishes(assignment, sidecarImage)) {
    const mount = readMountPath(wish.mountPath);
    if (wish.image === undefined) {
      const where = "path" in mount ? ` for the mount path ${quoted(mount.path)}` : "";
      return refuse(wish, `the image is empty${where}`);
    }
    if ("problem" in mount) return refuse(wish, mount.problem);

    const other = taken.get(mount.path);
    if (other !== undefined) return refuse(wish, `the mount path ${quoted(mount.path)} is that of ${other} already`);
    const volume = fromVolumes.get(mount.path);
    if (volume !== undefined) {
      return refuse(
        wish,
        `the mount path ${quoted(mount.path)} is that of the worker's volume ${quoted(volume)} already`,
      );
    }
    taken.set(mount.path, wish.name);
    sidecars.push({ image: wish.image, mountPath: mount.path, readWrite: wish.readWrite });
  }
  return { kind: "ready", sidecars };
}

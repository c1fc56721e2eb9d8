import type { Owner, ReadSystemFile } from "../../host/owner.ts";
import type { Engine } from "../engine/engine.ts";
import { inspectContainer } from "../engine/engine-objects.ts";

const CONTAINER_ID = /\b[0-9a-f]{64}\b/g;
/** Docker names a container's host after its id, unless it is told another name. */
const SHORT_ID = /^[0-9a-f]{12}$/;

/** Files that Docker mounts into a container, and into no other place, from a folder named after the container. */
const OWN_FILES = new Set(["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"]);
/** Field of a line of /proc/PID/mountinfo (proc(5)) that holds the mount point. */
const MOUNT_POINT = 4;

/**
 * Ids of containers in which this process might run: the sources of files that Docker mounts, the control groups that
 * older kernels show, the name of the host. A host's own mounts name the containers that it runs: these do not count.
 */
export function possibleOwnContainers(read: ReadSystemFile, hostname: string): readonly string[] {
  const mounts = (read("/proc/self/mountinfo") ?? "")
    .split("\n")
    .filter((line) => OWN_FILES.has(line.split(" ")[MOUNT_POINT] ?? ""));
  const groups = read("/proc/self/cgroup") ?? "";
  const ids = `${mounts.join("\n")}\n${groups}`.match(CONTAINER_ID) ?? [];
  return [...new Set([...ids, ...(SHORT_ID.test(hostname) ? [hostname] : [])])];
}

/**
 * The container of this daemon in which this process runs, as an owner record holds it. Only the daemon's word counts:
 * on another daemon, or outside of any container, there is none. Rejects with an `EngineError`.
 */
export async function findOwnContainer(
  engine: Engine,
  read: ReadSystemFile,
  hostname: string,
): Promise<Owner["container"]> {
  for (const candidate of possibleOwnContainers(read, hostname)) {
    const details = await inspectContainer(engine, candidate);
    if (details?.State.Running) return { id: details.Id, startedAt: details.State.StartedAt };
  }
  return undefined;
}

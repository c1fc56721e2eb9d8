import { posix } from "node:path";
import { type Parsed, parsed, refused } from "./parsed.ts";
import { hasUnprintable, shown } from "./shown.ts";

/** What a volume looks like, for error lines and the help. */
export const VOLUME_TAKES = "HOST:CONTAINER or HOST:CONTAINER:MODE, such as /opt/cache:/cache:ro";

/** A volume of Docker's bind syntax that has been looked at. */
export interface Volume {
  /** `HOST:CONTAINER[:MODE]`, as the user wrote it, trimmed. */
  readonly bind: string;
  /** Where it appears in the container, normalised. */
  readonly containerPath: string;
}

type ModeGroup = "access" | "label" | "propagation" | "copy" | "consistency";

/** The options of https://docs.docker.com/engine/storage/bind-mounts/ and volumes; one of a group at most. */
const MODE_GROUPS: Readonly<Record<ModeGroup, readonly string[]>> = {
  access: ["ro", "rw"],
  label: ["z", "Z"],
  propagation: ["shared", "slave", "private", "rshared", "rslave", "rprivate"],
  copy: ["nocopy"],
  consistency: ["consistent", "cached", "delegated"],
};
/** Where the first sidecar brings the agent to each task. */
const AGENT_FOLDER = "/agent";
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Reads a volume; refuses what the Docker daemon would refuse when a task is about to start. */
export function parseVolume(text: string): Parsed<Volume> {
  const bind = text.trim();
  if (bind === "") return refused(`is empty; it takes ${VOLUME_TAKES}`);
  if (hasUnprintable(bind)) return refused(`takes ${VOLUME_TAKES}, without control characters`);
  const [host = "", container, mode, ...rest] = bind.split(":");
  if (container === undefined || container === "") {
    return refused(`takes ${VOLUME_TAKES}; ${shown(bind)} has no container path`);
  }
  if (rest.length > 0) return refused(`takes ${VOLUME_TAKES}; ${shown(bind)} has too many colons`);
  const problem =
    hostProblem(host) ??
    containerProblem(container) ??
    (mode === undefined ? undefined : modeProblem(mode, host.startsWith("/")));
  if (problem !== undefined) return refused(`${problem}, in ${shown(bind)}`);
  return parsed({ bind, containerPath: normalized(container) });
}

function hostProblem(host: string): string | undefined {
  if (host === "") return `takes ${VOLUME_TAKES}; the host path is missing`;
  if (host.startsWith("/") || VOLUME_NAME.test(host)) return undefined;
  if (/^["'`]/.test(host)) return "stands in quotes, which would be part of the path; leave them out";
  if (host.startsWith("~")) return "does not expand ~; write the absolute host path";
  if (host.length === 1) return "takes an absolute host path or a volume name of two characters or more";
  return "takes an absolute host path (starting with /) or the name of a Docker volume; write the absolute path";
}

function containerProblem(container: string): string | undefined {
  if (!container.startsWith("/")) return "takes an absolute container path (starting with /)";
  if (/^\/+$/.test(posix.normalize(container)))
    return "cannot be mounted at / of the container; name a folder below it";
  const path = normalized(container);
  if (path === AGENT_FOLDER || path.startsWith(`${AGENT_FOLDER}/`)) {
    return `cannot be mounted onto or below ${AGENT_FOLDER} of the container, where the agent itself is; choose another folder`;
  }
  return undefined;
}

/** One spelling for one place: no dots, no doubled slashes, none at the end. */
function normalized(containerPath: string): string {
  return posix.normalize(containerPath).replace(/\/$/, "");
}

function modeProblem(mode: string, hostIsPath: boolean): string | undefined {
  if (mode === "") return "has an empty mode; leave the last colon out or write ro or rw";
  const seen = new Map<ModeGroup, string>();
  for (const option of mode.split(",")) {
    const group = groupOf(option);
    if (group === undefined) {
      const known = Object.values(MODE_GROUPS).flat().join(", ");
      return option === ""
        ? "has an empty option in its mode"
        : `has the unknown mode ${shown(option)}; modes are ${known}`;
    }
    const earlier = seen.get(group);
    if (earlier === option) return `has the mode ${option} twice`;
    if (earlier !== undefined) return `has the modes ${earlier} and ${option}, which exclude each other`;
    if (group === "copy" && hostIsPath) return `has the mode ${option}, which is only for volumes that have a name`;
    if (group === "propagation" && !hostIsPath) return `has the mode ${option}, which is only for host paths`;
    seen.set(group, option);
  }
  return undefined;
}

function groupOf(option: string): ModeGroup | undefined {
  const groups: readonly ModeGroup[] = ["access", "label", "propagation", "copy", "consistency"];
  return groups.find((group) => MODE_GROUPS[group].includes(option));
}

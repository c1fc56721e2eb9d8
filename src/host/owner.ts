import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import * as v from "valibot";

const shortText = v.pipe(v.string(), v.maxLength(256));
/** A container's id, as the daemon gives it: it becomes a part of a path. */
const containerId = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/**
 * The process that owns an object on the daemon, as its owner label tells it (JSON). Enough to decide later, without
 * guessing, whether that process still lives.
 */
export const Owner = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Field 22 of /proc/PID/stat: clock ticks from boot to the start of the process. */
  start: v.pipe(v.string(), v.regex(/^\d{0,20}$/)),
  /** /proc/sys/kernel/random/boot_id. */
  boot: shortText,
  /** Target of /proc/self/ns/pid. */
  pidNamespace: shortText,
  host: shortText,
  /** /etc/machine-id; absent where there is none. */
  machine: v.optional(shortText),
  /** The container on this daemon in which the owner runs, and that container's start. */
  container: v.optional(v.object({ id: containerId, startedAt: shortText })),
  /** The lease that it renews on the daemon; absent from owners of earlier versions. */
  lease: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/))),
});
export type Owner = v.InferOutput<typeof Owner>;

/** An owner label is some hundred characters long. */
const MAX_LABEL_LENGTH = 2_048;

/** The text of an owner label. */
export function encodeOwner(owner: Owner): string {
  return JSON.stringify(owner);
}

/** Reads an owner label; `undefined` for a text that is none. */
export function decodeOwner(label: string | undefined): Owner | undefined {
  if (label === undefined || label.length > MAX_LABEL_LENGTH) return undefined;
  try {
    const parsed = v.safeParse(Owner, JSON.parse(label));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a file of the system as text; `undefined` where it cannot. */
export type ReadSystemFile = (path: string) => string | undefined;

/** The owner record of this process. Its container, if it runs in one, takes the daemon's word. */
export function currentOwner(read: ReadSystemFile = readSystemFile, container?: Owner["container"]): Owner {
  const machine = read("/etc/machine-id")?.trim();
  return {
    pid: process.pid,
    start: processStart(process.pid, read) ?? "",
    boot: read("/proc/sys/kernel/random/boot_id")?.trim() ?? "",
    pidNamespace: pidNamespace() ?? "",
    host: hostname(),
    ...(machine ? { machine } : {}),
    ...(container ? { container } : {}),
  };
}

/** Start of a process in clock ticks since boot; `undefined` where there is no such process. */
export function processStart(pid: number, read: ReadSystemFile = readSystemFile): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses and may hold anything, spaces and parentheses included.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended: nothing of it will act again.
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

/** Whether there is a process of that id, whoever's. */
export type ProcessExists = (pid: number) => boolean;

/** How the processes of a host are looked at. */
export interface ProcessTable {
  readonly read: ReadSystemFile;
  readonly exists: ProcessExists;
}

/** State of a container as far as ownership needs it. */
export interface OwnerContainerState {
  readonly running: boolean;
  readonly startedAt: string;
}

/** `gone` and `alive` are certain; `unknown` counts as alive. */
export type OwnerState = "gone" | "alive" | "unknown";

/**
 * Whether an owner still lives. `inspectContainer` answers `undefined` for a container that does not exist on the
 * daemon; its failures pass through.
 */
export async function ownerState(
  owner: Owner,
  self: Owner,
  inspectContainer: (id: string) => Promise<OwnerContainerState | undefined>,
  read: ReadSystemFile = readSystemFile,
  exists: ProcessExists = processExists,
): Promise<OwnerState> {
  if (encodeOwner(owner) === encodeOwner(self)) return "alive";
  if (owner.container !== undefined) {
    const state = await inspectContainer(owner.container.id);
    if (!state?.running || state.startedAt !== owner.container.startedAt) return "gone";
    // The container lives, but its main process may have been another program that starts workers.
    return sameNamespace(owner, self) ? processState(owner, read, exists) : "alive";
  }
  if (owner.boot === self.boot && owner.boot !== "") {
    return sameNamespace(owner, self) ? processState(owner, read, exists) : "unknown";
  }
  const sameMachine = owner.machine !== undefined && owner.machine === self.machine && owner.host === self.host;
  return sameMachine && self.boot !== "" && owner.boot !== "" ? "gone" : "unknown";
}

function sameNamespace(owner: Owner, self: Owner): boolean {
  return owner.boot === self.boot && owner.pidNamespace !== "" && owner.pidNamespace === self.pidNamespace;
}

function processState(owner: Owner, read: ReadSystemFile, exists: ProcessExists): OwnerState {
  const start = processStart(owner.pid, read);
  if (start !== undefined) return start === owner.start ? "alive" : "gone";
  // /proc may hide the processes of other users.
  return read(`/proc/${owner.pid}/stat`) === undefined && exists(owner.pid) ? "unknown" : "gone";
}

function pidNamespace(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return undefined;
  }
}

/** Reads a file of this system. */
export function readSystemFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Those of this host. */
export const systemProcesses: ProcessTable = { read: readSystemFile, exists: processExists };

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

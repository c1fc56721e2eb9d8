import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Whose a process is: its effective user, and every group that it acts with. */
export interface ProcessUser {
  readonly uid: number;
  readonly groups: readonly number[];
}

/** The ids of the processes that /proc shows to this one. */
export function visibleProcesses(): ReadonlySet<number> {
  return new Set(readdirSync("/proc").filter(isNumber).map(Number));
}

/** Reads whose a process is from /proc/PID/status (proc_pid_status(5)); `undefined` where it is gone or hidden. */
export function processUser(pid: number): ProcessUser | undefined {
  const status = readOrUndefined(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  if (status === undefined) return undefined;
  // Real, effective, saved and file system id, in this order.
  const [, uid] = numbers(status, "Uid");
  const [, gid] = numbers(status, "Gid");
  if (uid === undefined || gid === undefined) return undefined;
  return { uid, groups: [gid, ...numbers(status, "Groups")] };
}

/** More than a worker ever has open. */
const MAX_FILES = 20_000;
const SOCKET = /^socket:\[(\d+)\]$/;

/**
 * The inodes of the sockets that a process holds (proc_pid_fd(5)); `undefined` where this process may not see that, or
 * where it would be too much to look through.
 */
export function heldSockets(pid: number): ReadonlySet<number> | undefined {
  const folder = `/proc/${pid}/fd`;
  const names = readOrUndefined(() => readdirSync(folder));
  if (names === undefined || names.length > MAX_FILES) return undefined;
  const inodes = new Set<number>();
  for (const name of names) {
    const match = SOCKET.exec(readOrUndefined(() => readlinkSync(`${folder}/${name}`)) ?? "");
    if (match !== null) inodes.add(Number(match[1]));
  }
  return inodes;
}

function numbers(status: string, field: string): readonly number[] {
  const line = new RegExp(`^${field}:(.*)$`, "m").exec(status)?.[1] ?? "";
  return line.split(/\s+/).filter(isNumber).map(Number);
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

function readOrUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

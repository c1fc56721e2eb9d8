import { readlinkSync } from "node:fs";

/** Which process this is, among those that share its network. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Target of /proc/self/ns/pid; empty where there is none. */
  readonly pidNamespace: string;
  /** The effective user, which is the one that the kernel vouches for. */
  readonly uid: number;
}

/** The identity of this very process. */
export function processIdentity(): ProcessIdentity {
  return { pid: process.pid, pidNamespace: pidNamespace(), uid: process.geteuid?.() ?? 0 };
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

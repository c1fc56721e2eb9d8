import { createHash } from "node:crypto";

/**
 * The socket at which a worker tells its health: an abstract one (unix(7)), so that it needs no folder that can be
 * written to and ends with its process. Abstract names belong to a network namespace, which containers may share with
 * each other and with the host; the pid namespace in the name tells whose they are.
 */
export interface HealthSocket {
  /** Of the worker, as seen in `pidNamespace`. */
  readonly pid: number;
  /** Target of /proc/self/ns/pid, as `pid:[4026531836]`. */
  readonly pidNamespace: string;
  /** Stands for the worker's id, which may be too long or too odd for the name of a socket. */
  readonly idMark: string;
}

const PREFIX = "oz-agent-worker.health";

/** What stands for a worker id in the name of its socket. */
export function idMarkOf(workerId: string): string {
  return createHash("sha256").update(workerId).digest("hex").slice(0, 16);
}

/** The address to listen at and to dial; the leading NUL makes it abstract. */
export function healthAddress(socket: HealthSocket): string {
  return `\0${PREFIX}/${namespaceNumber(socket.pidNamespace)}/${socket.pid}/${socket.idMark}`;
}

/**
 * The health sockets that `/proc/net/unix` (proc(5)) shows as listening, of one pid namespace, by pid. Names that
 * merely look like ours are left out; who really listens is seen when one is dialled.
 */
export function listedHealthSockets(procNetUnix: string, pidNamespace: string): readonly HealthSocket[] {
  const sockets = new Map<string, HealthSocket>();
  for (const line of procNetUnix.split("\n")) {
    const [, , , flags, , , , name = ""] = line.trim().split(/\s+/);
    if (flags !== LISTENING) continue;
    const match = NAME.exec(name);
    if (match === null || match[1] !== namespaceNumber(pidNamespace)) continue;
    const pid = Number(match[2]);
    sockets.set(name, { pid, pidNamespace, idMark: match[3] ?? "" });
  }
  return [...sockets.values()].sort((one, other) => one.pid - other.pid);
}

/** __SO_ACCEPTCON: links that were accepted carry the name too. */
const LISTENING = "00010000";
const NAME = /^@oz-agent-worker\.health\/(\d+)\/([1-9]\d{0,9})\/([0-9a-f]{16})$/;

function namespaceNumber(pidNamespace: string): string {
  return /\d+/.exec(pidNamespace)?.[0] ?? "0";
}

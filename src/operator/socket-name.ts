import { createHash, randomBytes } from "node:crypto";

/**
 * The socket at which a worker is asked: an abstract one (unix(7)), so that it needs no folder that can be written to
 * and ends with its process. Abstract names belong to a network namespace, which containers may share with each other
 * and with the host; the pid namespace in the name tells whose they are. Anybody may listen under such a name: it is
 * where to look for a worker, and no proof that there is one.
 */
export interface OperatorSocket {
  /** Of the worker, as seen in `pidNamespace`. */
  readonly pid: number;
  /** Target of /proc/self/ns/pid, as `pid:[4026531836]`. */
  readonly pidNamespace: string;
  /** Stands for the worker's id, which may be too long or too odd for the name of a socket. */
  readonly idMark: string;
  /** Random, so that nobody can take the name before the worker does. */
  readonly token: string;
}

/** A socket as the kernel lists it. */
export interface ListedSocket extends OperatorSocket {
  readonly inode: number;
}

const PREFIX = "oz-agent-worker.operator";
const TOKEN_BYTES = 16;

/** What stands for a worker id in the name of its socket. */
export function idMarkOf(workerId: string): string {
  return createHash("sha256").update(workerId).digest("hex").slice(0, 16);
}

/** A token that nobody can guess. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString("hex");
}

/** The address to listen at and to dial; the leading NUL makes it abstract. */
export function operatorAddress({ pid, pidNamespace, idMark, token }: OperatorSocket): string {
  return `\0${PREFIX}/${namespaceNumber(pidNamespace)}/${pid}/${idMark}/${token}`;
}

/**
 * The sockets that `/proc/net/unix` (proc(5)) shows as listening under names like ours, of one pid namespace, by pid.
 * The listing is everybody's to read, and everybody's to fill.
 */
export function listedSockets(procNetUnix: string, pidNamespace: string): readonly ListedSocket[] {
  const sockets: ListedSocket[] = [];
  for (const line of procNetUnix.split("\n")) {
    if (!line.includes(PREFIX)) continue;
    const [, , , flags, , , inode, name = ""] = line.trim().split(/\s+/);
    if (flags !== LISTENING) continue;
    const [, namespace, pid, idMark = "", token = ""] = NAME.exec(name) ?? [];
    if (namespace !== namespaceNumber(pidNamespace)) continue;
    sockets.push({ pid: Number(pid), pidNamespace, idMark, token, inode: Number(inode) });
  }
  return sockets.sort((one, other) => one.pid - other.pid);
}

/** __SO_ACCEPTCON: links that were accepted carry the name too. */
const LISTENING = "00010000";
const NAME = /^@oz-agent-worker\.operator\/(\d+)\/([1-9]\d{0,9})\/([0-9a-f]{16})\/([0-9a-f]{32})$/;

function namespaceNumber(pidNamespace: string): string {
  return /\d+/.exec(pidNamespace)?.[0] ?? "0";
}

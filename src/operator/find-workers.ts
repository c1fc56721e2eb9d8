import { readFileSync } from "node:fs";
import { mayOpen } from "../host/may-open.ts";
import { heldSockets, type ProcessUser, processUser, visibleProcesses } from "../host/other-process.ts";
import type { ProcessIdentity } from "../host/process-identity.ts";
import { type Clock, pause } from "../support/clock.ts";
import { type ListedSocket, listedSockets } from "./socket-name.ts";

/** A process that listens as a worker of one id, and is believed. */
export interface FoundWorker {
  readonly pid: number;
  readonly uid: number;
  readonly idMark: string;
  /** Mostly one; two while the worker gives it another name. */
  readonly sockets: readonly ListedSocket[];
}

/** A process whose id stands in the name of a socket like a worker's, and that this user has no reason to believe. */
export interface Stranger {
  readonly pid: number;
  /** Absent where /proc does not show it. */
  readonly uid?: number;
}

export interface FoundProcesses {
  readonly workers: readonly FoundWorker[];
  readonly strangers: readonly Stranger[];
  /** A process that would be believed does not hold what names it: it may just have moved to another name. */
  readonly unsettled: boolean;
}

export interface FindOptions {
  /** Of the one who asks. */
  readonly identity: ProcessIdentity;
  /** The socket of the Docker daemon that the one who asks would use, if it is one of this machine. */
  readonly dockerSocket: string | undefined;
  /** Only workers of this mark. */
  readonly idMark?: string | undefined;
  /** Reads /proc/net/unix. */
  readonly readSockets?: () => string;
}

const MAX_LOOKS = 10;
const BETWEEN_LOOKS_MS = 10;
/** Where the listing is so long that looking takes its time. */
const LOOKING_LIMIT_MS = 500;

/**
 * Looks until nothing new is found. The kernel's listing is no snapshot: where much changes meanwhile, what was there
 * all the time may be missing from it. "None" is said only after 100 ms.
 */
export async function findAllWorkers(options: FindOptions, clock: Clock): Promise<FoundProcesses | undefined> {
  const known = new Map<string, FoundWorker>();
  const begin = clock.now();
  let found: FoundProcesses | undefined;
  for (let look = 0; look < MAX_LOOKS; look++) {
    if (look > 0) {
      if (clock.now() - begin > LOOKING_LIMIT_MS) break;
      await pause(clock, BETWEEN_LOOKS_MS);
    }
    found = findWorkers(options);
    if (found === undefined) return undefined;
    const before = known.size;
    for (const worker of found.workers) known.set(`${worker.pid}/${worker.idMark}`, worker);
    if (before > 0 && known.size === before && !found.unsettled) break;
  }
  return found && { ...found, workers: [...known.values()] };
}

/**
 * One look for the workers that this user may ask and should believe. Anybody can listen under a name like a worker's, so
 * the process in the name counts, if it holds that socket: a user believes its own processes; root believes root's, and
 * those of users who may open the Docker daemon's socket, which makes them as good as root. `undefined` where /proc
 * or its listing of sockets cannot be read.
 */
export function findWorkers(options: FindOptions): FoundProcesses | undefined {
  const { identity, dockerSocket, idMark, readSockets = readProcNetUnix } = options;
  let listing: string;
  let visible: ReadonlySet<number>;
  try {
    listing = readSockets();
    visible = visibleProcesses();
  } catch {
    return undefined;
  }
  const listed = listedSockets(listing, identity.pidNamespace);
  const byProcess = Map.groupBy(
    listed.filter((socket) => idMark === undefined || socket.idMark === idMark),
    ({ pid }) => pid,
  );
  const workers: FoundWorker[] = [];
  const strangers: Stranger[] = [];
  let unsettled = false;
  for (const [pid, sockets] of byProcess) {
    const user = visible.has(pid) ? processUser(pid) : undefined;
    if (user === undefined || !isBelieved(user, identity.uid, dockerSocket)) {
      // What root cannot see is not there.
      if (user !== undefined || identity.uid !== 0) strangers.push({ pid, ...(user && { uid: user.uid }) });
      continue;
    }
    const held = heldSockets(pid);
    const own = held === undefined ? sockets : sockets.filter(({ inode }) => held.has(inode));
    unsettled ||= own.length === 0;
    for (const [mark, ofOneId] of Map.groupBy(own, (socket) => socket.idMark)) {
      workers.push({ pid, uid: user.uid, idMark: mark, sockets: ofOneId });
    }
  }
  return { workers, strangers, unsettled };
}

function isBelieved(user: ProcessUser, asker: number, dockerSocket: string | undefined): boolean {
  if (user.uid === asker) return true;
  return asker === 0 && dockerSocket !== undefined && mayOpen(user, dockerSocket);
}

/** Not by /proc/net, which a /proc that is mounted for processes alone does not have. */
function readProcNetUnix(): string {
  return readFileSync("/proc/self/net/unix", "utf8");
}

import { readFileSync } from "node:fs";
import { type Clock, systemClock } from "../support/clock.ts";
import { escapeUnprintable, quoted } from "../support/printable.ts";
import { type Asked, askWorker } from "./ask-worker.ts";
import { type HealthSocket, idMarkOf, listedHealthSockets } from "./health-socket-name.ts";
import { loadPeerOf, type PeerOf } from "./peer.ts";
import { type ProcessIdentity, processIdentity } from "./process-identity.ts";

/** One plain line, and whether it is good news. */
export interface HealthVerdict {
  readonly healthy: boolean;
  readonly line: string;
}

/** Below the 10 s that the image's HEALTHCHECK allows, above what a worker needs to ask its daemon. */
const ANSWER_LIMIT_MS = 6_000;

export interface CheckHealthOptions {
  /** Only the workers of this id; without it, every one that this user may ask. */
  readonly workerId?: string | undefined;
  readonly identity?: ProcessIdentity;
  readonly clock?: Clock;
  readonly limitMs?: number;
  /** Reads /proc/net/unix. */
  readonly readSockets?: () => string;
}

/**
 * Asks the workers of this machine or container how they are. Good only if there is one and each says so by itself,
 * now. Never rejects.
 */
export async function checkHealth(options: CheckHealthOptions = {}): Promise<HealthVerdict> {
  const { workerId, identity = processIdentity(), clock = systemClock, limitMs = ANSWER_LIMIT_MS } = options;
  let listed: readonly HealthSocket[];
  try {
    listed = listedHealthSockets((options.readSockets ?? readSockets)(), identity.pidNamespace);
  } catch {
    return { healthy: false, line: "/proc/net/unix cannot be read: health needs Linux with /proc mounted" };
  }
  const sockets = workerId === undefined ? listed : listed.filter(({ idMark }) => idMark === idMarkOf(workerId));
  const peerOf: PeerOf = sockets.length === 0 ? () => undefined : await loadPeerOf();
  const asked = await Promise.all(
    sockets.map(async (socket) => ({
      socket,
      said: await askWorker(socket, { peerOf, uid: identity.uid, clock, limitMs }),
    })),
  );
  return judgeHealth(asked, workerId);
}

/** The verdict on what the sockets turned out to be. */
export function judgeHealth(
  asked: readonly { readonly socket: HealthSocket; readonly said: Asked }[],
  workerId: string | undefined,
): HealthVerdict {
  const good: string[] = [];
  const bad: string[] = [];
  let others = 0;
  for (const { socket, said } of asked) {
    const known = said.kind === "answer" ? said.answer.worker_id : workerId;
    const name = `worker${known === undefined ? "" : ` ${quoted(known)}`} (pid ${socket.pid})`;
    if (said.kind === "another-user") others += 1;
    else if (said.kind === "silent") bad.push(`${name} ${said.reason}`);
    else if (said.kind === "answer") {
      const { problems } = said.answer;
      if (problems.length === 0) good.push(`${name} is connected to Oz and its Docker daemon answers`);
      else bad.push(`${name}: ${problems.map(escapeUnprintable).join(", ")}`);
    }
  }
  if (bad.length > 0) return { healthy: false, line: bad.join("; ") };
  if (good.length > 0) return { healthy: true, line: good.join("; ") };
  const which = workerId === undefined ? "no worker" : `no worker with the id ${quoted(workerId)}`;
  const hint = others === 0 ? "" : `; ${others} of another user: ask as that user or root`;
  return { healthy: false, line: `${which} runs here${hint}` };
}

function readSockets(): string {
  return readFileSync("/proc/net/unix", "utf8");
}

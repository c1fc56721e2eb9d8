import type { Log } from "../support/log.ts";
import { encodeHealthAnswer, REFUSAL } from "./health-answer.ts";
import { healthAddress, idMarkOf } from "./health-socket-name.ts";
import { isTrusted, loadPeerOf, type PeerOf } from "./peer.ts";
import { type ProcessIdentity, processIdentity } from "./process-identity.ts";

/** A worker's readiness to tell its health. */
export interface HealthServer {
  /** Stops listening. Idempotent. */
  stop(): void;
}

export interface ServeHealthOptions {
  readonly workerId: string;
  /** What is wrong at this moment, one plain reason each without secrets. Must settle within a few seconds. */
  readonly problems: () => Promise<readonly string[]>;
  readonly log: Log;
  readonly identity?: ProcessIdentity;
}

/** More than any check needs; of a flood the others are turned away. */
const MAX_QUESTIONS = 16;
/** A link of one who does not hang up is ended after this time, in seconds. */
const PATIENCE_S = 10;

/**
 * Answers `oz-agent-worker health` for this process: whoever dials gets the live state, if it is root or this process's
 * own user, and else nothing but a refusal. Where a machine has no such sockets, that is logged and the worker goes without.
 */
export function serveHealth(options: ServeHealthOptions): HealthServer {
  const { workerId, log, identity = processIdentity() } = options;
  let questions = 0;
  // Only workers that are ever asked pay for it.
  let loading: Promise<PeerOf> | undefined;
  let looking: Promise<string> | undefined;
  // Questions at the same moment share one look at the Docker daemon.
  const look = () => {
    looking ??= answer().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const answer = async () => {
    const problems = await options.problems().catch(() => ["its state cannot be told; this is a fault of the worker"]);
    return encodeHealthAnswer({ worker_id: workerId, problems: [...problems] });
  };
  try {
    const server = Bun.listen<{ counted: boolean }>({
      unix: healthAddress({ ...identity, idMark: idMarkOf(workerId) }),
      socket: {
        async open(socket) {
          socket.data = { counted: true };
          questions += 1;
          loading ??= loadPeerOf();
          const peer = (await loading)(socket);
          const mayAsk = peer !== undefined && isTrusted(peer.uid, identity.uid) && questions <= MAX_QUESTIONS;
          // The one who asked hangs up: to a dialler, a link that is closed at once looks like one that never was.
          socket.timeout(PATIENCE_S);
          socket.write(mayAsk ? await look() : REFUSAL);
        },
        close(socket) {
          if (socket.data?.counted) questions -= 1;
        },
        timeout: (socket) => socket.terminate(),
        data() {},
        error() {},
      },
    });
    return { stop: () => server.stop(true) };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    log.warn("`oz-agent-worker health` cannot ask this worker", { reason });
    return { stop: () => {} };
  }
}

import { loadPeerOf, type PeerOf } from "../host/peer.ts";
import { type ProcessIdentity, processIdentity } from "../host/process-identity.ts";
import { type Clock, systemClock } from "../support/clock.ts";
import { askWorker, type Said } from "./ask-worker.ts";
import { type FoundWorker, findAllWorkers, findWorkers, type Stranger } from "./find-workers.ts";
import type { Question } from "./question.ts";
import { idMarkOf } from "./socket-name.ts";

/** For a question as a whole, in milliseconds: whoever asks has an answer within 6 s, the start of the program included. */
const LIMIT_MS = 5_000;
/** More than a machine has; the others are counted. */
const MAX_WORKERS = 64;

export interface AskWorkersOptions {
  /** Only the workers of this id; without it, every one that this user may ask. */
  readonly workerId?: string | undefined;
  /** Only the worker of this process. */
  readonly pid?: number | undefined;
  /** See `FindOptions`. */
  readonly dockerSocket: string | undefined;
  readonly identity?: ProcessIdentity;
  readonly clock?: Clock;
  readonly limitMs?: number;
  /** Reads /proc/net/unix. */
  readonly readSockets?: () => string;
}

/** What the workers of this machine or container said. */
export type AskedWorkers<Answer> =
  | {
      readonly kind: "asked";
      /** Of whoever is still there. */
      readonly said: readonly {
        readonly worker: FoundWorker;
        readonly said: Exclude<Said<Answer>, { kind: "none" }>;
      }[];
      /** Who was not asked, since there are too many. */
      readonly left: number;
      readonly strangers: readonly Stranger[];
    }
  /** /proc cannot be read here. */
  | { readonly kind: "blind" };

/** Asks all workers that this user may ask, at the same time. Never rejects. */
export async function askWorkers<Input, Answer>(
  question: Question<Input, Answer>,
  input: Input,
  options: AskWorkersOptions,
): Promise<AskedWorkers<Answer>> {
  const { workerId, identity = processIdentity(), clock = systemClock, limitMs = LIMIT_MS } = options;
  const idMark = workerId === undefined ? undefined : idMarkOf(workerId);
  const look = { ...options, identity, idMark };
  const begin = clock.now();
  const found = await findAllWorkers(look, clock);
  if (found === undefined) return { kind: "blind" };
  const { strangers } = found;
  const workers = found.workers.filter(({ pid }) => options.pid === undefined || pid === options.pid);
  const peerOf: PeerOf = workers.length === 0 ? () => undefined : loadPeerOf();
  const findAgain = (wanted: FoundWorker) =>
    findWorkers(look)?.workers.find(({ pid, idMark: mark }) => pid === wanted.pid && mark === wanted.idMark);
  const said = await Promise.all(
    workers.slice(0, MAX_WORKERS).map(async (worker) => ({
      worker,
      said: await askWorker(worker, question, input, { peerOf, clock, limitMs, begin, findAgain }),
    })),
  );
  return {
    kind: "asked",
    said: said.flatMap(({ worker, said }) => (said.kind === "none" ? [] : [{ worker, said }])),
    left: Math.max(0, workers.length - MAX_WORKERS),
    strangers,
  };
}

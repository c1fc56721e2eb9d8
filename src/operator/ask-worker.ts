import * as v from "valibot";
import type { PeerOf } from "../host/peer.ts";
import { type Clock, pause } from "../support/clock.ts";
import { escapeUnprintable, shorten } from "../support/printable.ts";
import { dialWorker, ODD_ANSWER } from "./dial-worker.ts";
import type { FoundWorker } from "./find-workers.ts";
import { encodeLine, type Question, type Reply } from "./question.ts";

/** What a worker said, or why it says nothing. */
export type Said<Answer> =
  | { readonly kind: "answer"; readonly workerId: string; readonly answer: Answer }
  /** The worker is there and does not answer: why, as the rest of a sentence about it. */
  | { readonly kind: "silent"; readonly reason: string }
  /** It ended meanwhile. */
  | { readonly kind: "none" };

export interface AskWorkerOptions {
  readonly peerOf: PeerOf;
  readonly clock: Clock;
  /** Limit for the whole question, in milliseconds, and when it began. */
  readonly limitMs: number;
  readonly begin: number;
  /** Looks for the same worker again; `undefined` where it is not seen. */
  readonly findAgain: (worker: FoundWorker) => FoundWorker | undefined;
}

const BETWEEN_TRIES_MS = 20;
/** One look in the middle of a change may miss a worker that is there. */
const LOOKS_FOR_GONE = 10;
const MAX_REASON = 200;

/**
 * Asks one worker one question. A worker that many dial at once may be out of reach for a moment, or get another name:
 * it is tried until the limit. Never rejects.
 */
export async function askWorker<Input, Answer>(
  found: FoundWorker,
  question: Question<Input, Answer>,
  input: Input,
  { peerOf, clock, limitMs, begin, findAgain }: AskWorkerOptions,
): Promise<Said<Answer>> {
  const line = encodeLine({ ask: question.name, input });
  const late = new AbortController();
  const timer = clock.after(Math.max(0, begin + limitMs - clock.now()), () => late.abort());
  let { sockets } = found;
  let hungUp = false;
  let missed = 0;
  try {
    while (missed < LOOKS_FOR_GONE) {
      for (const socket of sockets) {
        const dialled = await dialWorker(socket, line, { uid: found.uid, peerOf, signal: late.signal });
        if (dialled.kind === "reply") return read(question.answer, dialled.reply);
        if (dialled.kind === "odd") return { kind: "silent", reason: dialled.reason };
        if (dialled.kind === "silent") return unanswered("does not answer", limitMs);
        hungUp = dialled.kind === "hung-up";
      }
      await pause(clock, BETWEEN_TRIES_MS, late.signal);
      if (late.signal.aborted) return unanswered(hungUp ? "hangs up without an answer" : "takes no question", limitMs);
      sockets = findAgain(found)?.sockets ?? [];
      missed = sockets.length === 0 ? missed + 1 : 0;
    }
    return { kind: "none" };
  } finally {
    timer.cancel();
  }
}

function unanswered(what: string, limitMs: number): Said<never> {
  return { kind: "silent", reason: `${what} within ${limitMs / 1000} s; it hangs, restart it` };
}

function read<Answer>(schema: v.GenericSchema<unknown, Answer>, reply: Reply): Said<Answer> {
  if ("refused" in reply) return { kind: "silent", reason: escapeUnprintable(shorten(reply.refused, MAX_REASON)) };
  const parsed = v.safeParse(schema, reply.answer);
  if (parsed.success) return { kind: "answer", workerId: reply.worker_id, answer: parsed.output };
  return { kind: "silent", reason: ODD_ANSWER };
}

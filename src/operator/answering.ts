import * as v from "valibot";
import { Asked, decodeLine, encodeLine, MAX_REPLY_BYTES, type Question, type Reply } from "./question.ts";

/** A question together with what this worker does about it. */
export interface Answering {
  readonly name: string;
  /** What to say to an input from outside. Rejects on a defect only. */
  reply(workerId: string, input: unknown): Promise<Reply>;
}

/** Puts a question and its answer together. `act` must settle within a few seconds. */
export function answering<Input, Answer>(
  question: Question<Input, Answer>,
  act: (input: Input) => Promise<Answer>,
): Answering {
  return {
    name: question.name,
    async reply(workerId, input) {
      const parsed = v.safeParse(question.input, input);
      if (!parsed.success) return refusal(workerId, "cannot read the question; it may be of another version");
      return { worker_id: workerId, answer: await act(parsed.output) };
    },
  };
}

/** The line that answers the line of one who asks. Never rejects, and is never longer than a reply may be. */
export async function replyTo(line: string, workerId: string, all: readonly Answering[]): Promise<string> {
  const asked = decodeLine(Asked, line);
  const one = all.find(({ name }) => name === asked?.ask);
  if (asked === undefined || one === undefined) {
    return encodeLine(refusal(workerId, "does not know the question; it may be of another version"));
  }
  try {
    const reply = encodeLine(await one.reply(workerId, asked.input));
    if (Buffer.byteLength(reply) <= MAX_REPLY_BYTES) return reply;
  } catch {}
  return encodeLine(refusal(workerId, "cannot tell its state; this is a fault of the worker"));
}

function refusal(workerId: string, refused: string): Reply {
  return { worker_id: workerId, refused };
}

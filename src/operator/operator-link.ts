import type { Socket } from "bun";
import type { Clock, Timer } from "../support/clock.ts";
import { MAX_ASKED_BYTES } from "./question.ts";

/** One who asks and may: gets one question through, and one answer. */
export interface OperatorLink {
  readonly uid: number;
  onData(chunk: Uint8Array): void;
  onDrain(): void;
  onClose(): void;
  end(): void;
}

export interface OperatorLinkOptions {
  readonly socket: Socket<OperatorLink | undefined>;
  readonly uid: number;
  readonly clock: Clock;
  /** The line that answers a line. Never rejects. */
  readonly reply: (line: string) => Promise<string>;
}

/** Who dials has the question ready. */
const ASK_LIMIT_MS = 1_000;
/** More than who asks has patience for. */
const REPLY_LIMIT_MS = 10_000;

/** Waits for a question, answers it, and sees to it that the link ends, whatever the other side does. */
export function openOperatorLink({ socket, uid, clock, reply }: OperatorLinkOptions): OperatorLink {
  const decoder = new TextDecoder();
  let line = "";
  let received = 0;
  let asked = false;
  let closed = false;
  let rest = new Uint8Array();
  const end = () => socket.terminate();
  let timer: Timer = clock.after(ASK_LIMIT_MS, end);

  const flush = () => {
    if (closed || rest.length === 0) return;
    const written = socket.write(rest);
    if (written > 0) rest = rest.subarray(written);
  };
  const answer = async () => {
    timer.cancel();
    timer = clock.after(REPLY_LIMIT_MS, end);
    rest = new TextEncoder().encode(await reply(line));
    flush();
  };
  return {
    uid,
    onData(chunk) {
      if (asked) return;
      received += chunk.length;
      if (received > MAX_ASKED_BYTES) {
        end();
        return;
      }
      line += decoder.decode(chunk, { stream: true });
      asked = line.endsWith("\n");
      if (asked) void answer();
    },
    onDrain: flush,
    onClose() {
      closed = true;
      timer.cancel();
    },
    end,
  };
}

import type { Clock } from "../support/clock.ts";
import { decodeHealthAnswer, type HealthAnswer, REFUSAL } from "./health-answer.ts";
import { type HealthSocket, healthAddress } from "./health-socket-name.ts";
import { isTrusted, type PeerOf } from "./peer.ts";

/** What a health socket turned out to be. */
export type Asked =
  | { readonly kind: "answer"; readonly answer: HealthAnswer }
  /** The worker is there and does not say how it is: why. */
  | { readonly kind: "silent"; readonly reason: string }
  /** A worker of another user, which answers only that user and root. */
  | { readonly kind: "another-user" }
  /** No worker: it ended just now, or another process listens under its name. */
  | { readonly kind: "none" };

export interface AskOptions {
  readonly peerOf: PeerOf;
  /** The user that asks. */
  readonly uid: number;
  readonly clock: Clock;
  /** Limit for the whole question, in milliseconds. */
  readonly limitMs: number;
}

const MAX_ANSWER_BYTES = 64 * 1024;

/** Asks the worker at a socket. An answer is believed only from the very process that the name speaks of. */
export function askWorker(socket: HealthSocket, options: AskOptions): Promise<Asked> {
  return new Promise((resolve) => {
    let text = "";
    let hangUp = () => {};
    const settle = (asked: Asked) => {
      timer.cancel();
      resolve(asked);
      hangUp();
    };
    const silent = (reason: string) => settle({ kind: "silent", reason });
    const timer = options.clock.after(options.limitMs, () =>
      silent(`does not answer within ${options.limitMs / 1000} s; it hangs, restart it`),
    );
    const decoder = new TextDecoder();
    Bun.connect({
      unix: healthAddress(socket),
      socket: {
        open(connection) {
          hangUp = () => connection.terminate();
          const peer = options.peerOf(connection);
          if (peer === undefined) silent("cannot be told from other processes: the kernel does not say who listens");
          else if (peer.pid !== socket.pid) settle({ kind: "none" });
          else if (options.uid !== 0 && !isTrusted(peer.uid, options.uid)) settle({ kind: "another-user" });
        },
        data(_, chunk) {
          text += decoder.decode(chunk, { stream: true });
          if (text.length > MAX_ANSWER_BYTES) silent("answers with too much; it may be of another version");
          else if (text === REFUSAL) silent("refuses to answer; ask as its own user or root");
          else if (text.endsWith("\n")) {
            const answer = decodeHealthAnswer(text);
            if (answer === undefined) silent("answers with something else; it may be of another version");
            else settle({ kind: "answer", answer });
          }
        },
        close: () => silent("hung up without an answer; it may just be ending"),
        error: (_, error) => silent(`cannot be asked: ${error.message}`),
        connectError: (_, error) => settle(refusal(error)),
      },
    }).catch((error: unknown) => settle(refusal(error)));
  });
}

function refusal(error: unknown): Asked {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (code === "ECONNREFUSED" || code === "ENOENT") return { kind: "none" };
  return { kind: "silent", reason: `cannot be asked: ${error instanceof Error ? error.message : String(error)}` };
}

import type { Readable } from "node:stream";
import { EngineError } from "./engine-error.ts";

/** The runtime's word for a connection that the other side has cut tells people nothing. */
export function plainWords({ message }: Error): string {
  const words = message.trim();
  return words === "aborted" ? "the connection was cut before the answer was complete" : words;
}

/**
 * Reads an answer to its end, as UTF-8. Rejects with an `EngineError`: `malformed` where it is longer than `maxBytes`,
 * `unreachable` where it breaks off. `what` names the call.
 */
export function readAnswer(answer: Readable, maxBytes: number, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  return readToEnd(answer, what, (chunk, fail) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else fail(new EngineError("malformed", `${what}: an answer of more than ${Math.round(maxBytes / 1024)} KiB`));
  }).then(() => Buffer.concat(chunks).toString("utf8"));
}

/** Reads an answer to its end and keeps nothing of it. Rejects with an `EngineError` where it breaks off. */
export function dropAnswer(answer: Readable, what: string): Promise<void> {
  return readToEnd(answer, what, () => {});
}

function readToEnd(
  answer: Readable,
  what: string,
  take: (chunk: Buffer, fail: (error: EngineError) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: EngineError) => {
      reject(error);
      answer.destroy();
    };
    answer.on("data", (chunk: Buffer) => take(chunk, fail));
    answer.on("end", resolve);
    answer.on("error", (error: Error) => fail(new EngineError("unreachable", `${what}: ${plainWords(error)}`)));
    answer.on("close", () => fail(new EngineError("unreachable", `${what}: the connection broke`)));
  });
}

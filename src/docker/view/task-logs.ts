import type { LogOptions } from "../../operator/task-view.ts";
import type { Clock, Timer } from "../../support/clock.ts";
import type { Redactor } from "../../support/redaction.ts";
import type { Engine } from "../engine/engine.ts";
import { enginePath } from "../engine/engine-path.ts";
import { createFrameReader } from "./read-frames.ts";

/** What came together is looked through together: a secret may stand in several lines. */
const TOGETHER_MS = 50;
const TOGETHER_CHARACTERS = 64 * 1024;

/** Reads a container's output to its end, or until the signal aborts. Rejects with an `EngineError`. */
export async function readLogs(
  engine: Engine,
  clock: Clock,
  id: string,
  redact: Redactor,
  { follow, tail, signal, write }: LogOptions,
): Promise<void> {
  const stream = await engine.open({
    method: "GET",
    path: enginePath`/containers/${id}/logs`,
    query: { stdout: true, stderr: true, follow, ...(tail === undefined ? {} : { tail }) },
    signal,
  });
  const onAbort = () => stream.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  const decoder = new TextDecoder();
  const read = createFrameReader();
  let text = "";
  let timer: Timer | undefined;
  /** Up to the last whole line, unless that is all there will be. */
  const flush = (isEnd: boolean) => {
    timer?.cancel();
    timer = undefined;
    const lines = text.lastIndexOf("\n") + 1;
    // A line without an end is cut between words: a secret in two halves would not be known.
    const cut = lines > 0 || text.length <= TOGETHER_CHARACTERS ? lines : text.lastIndexOf(" ") + 1 || text.length;
    const end = isEnd ? text.length : cut;
    if (end > 0) write(redact(text.slice(0, end)));
    text = text.slice(end);
  };
  try {
    for await (const chunk of stream) {
      for (const payload of read(chunk)) text += decoder.decode(payload, { stream: true });
      if (text.length > TOGETHER_CHARACTERS) flush(false);
      else timer ??= clock.after(TOGETHER_MS, () => flush(false));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    flush(true);
    signal.removeEventListener("abort", onAbort);
    stream.destroy();
  }
}

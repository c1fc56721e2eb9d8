import type { Readable } from "node:stream";
import type { Clock } from "../../support/clock.ts";
import type { Engine } from "../engine/engine.ts";

export const TAIL_LINES = 100;
const TAIL_BYTES = 64 * 1024;
const READ_LIMIT_MS = 10_000;
/** Docker Engine API, "Attach to a container", stream format: type, three zero bytes, length as big-endian 32 bits. */
const HEADER_BYTES = 8;

/**
 * The last lines of a container's output, stdout and stderr in the order in which they were written. Bounded in lines,
 * bytes and time; what the engine cannot give is left out. Rejects with an `EngineError`.
 */
export async function readTail(engine: Engine, id: string, clock: Clock): Promise<readonly string[]> {
  const stream = await engine.open({
    method: "GET",
    path: `/containers/${id}/logs`,
    query: { stdout: true, stderr: true, tail: TAIL_LINES },
    limitMs: READ_LIMIT_MS,
  });
  return tailLines(await lastBytes(stream, READ_LIMIT_MS, clock));
}

/** Demultiplexes the last part of an output. */
async function lastBytes(stream: Readable, limitMs: number, clock: Clock): Promise<Buffer> {
  const timer = clock.after(limitMs, () => stream.destroy());
  const demultiplexer = createDemultiplexer(TAIL_BYTES);
  try {
    for await (const chunk of stream) demultiplexer.push(chunk);
  } catch {
    // What came until then is worth showing.
  } finally {
    timer.cancel();
    stream.destroy();
  }
  const { output, cut } = demultiplexer.last();
  return cut ? afterFirstLine(output) : output;
}

/** Half a line could hold half a secret, which nobody would recognise. */
function afterFirstLine(output: Buffer): Buffer {
  const end = output.indexOf("\n");
  return end < 0 ? Buffer.alloc(0) : output.subarray(end + 1);
}

export interface Demultiplexer {
  push(chunk: Buffer): void;
  /** What is kept; `cut` where something before it is not. */
  last(): { readonly output: Buffer; readonly cut: boolean };
}

/** Joins the payloads of stdout and stderr frames, as they come, and keeps the last `maxBytes` of them. */
export function createDemultiplexer(maxBytes: number): Demultiplexer {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let cut = false;
  let header = Buffer.alloc(0);
  let payloadLeft = 0;

  function keep(payload: Buffer): void {
    kept.push(payload);
    keptBytes += payload.length;
    if (keptBytes <= 2 * maxBytes) return;
    cut = true;
    const joined = Buffer.concat(kept).subarray(-maxBytes);
    kept = [Buffer.from(joined)];
    keptBytes = joined.length;
  }

  return {
    push(chunk) {
      let rest = chunk;
      while (rest.length > 0) {
        if (payloadLeft > 0) {
          const payload = rest.subarray(0, payloadLeft);
          payloadLeft -= payload.length;
          rest = rest.subarray(payload.length);
          keep(payload);
          continue;
        }
        const missing = HEADER_BYTES - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length === HEADER_BYTES) {
          payloadLeft = header.readUInt32BE(4);
          header = Buffer.alloc(0);
        }
      }
    },
    last() {
      const output = Buffer.concat(kept).subarray(-maxBytes);
      return { output, cut: cut || output.length < keptBytes };
    },
  };
}

/** Splits an output into its last lines, whole. */
export function tailLines(output: Buffer): readonly string[] {
  const lines = output.toString("utf8").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines.slice(-TAIL_LINES);
}

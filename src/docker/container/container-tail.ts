import type { Readable } from "node:stream";
import type { Clock } from "../../support/clock.ts";
import type { OutputTail } from "../../support/output-tail.ts";
import type { Engine } from "../engine/engine.ts";
import { enginePath } from "../engine/engine-path.ts";

/** Lines that the engine is asked for: more than are shown, so that secrets over several lines can be seen whole. */
export const ASKED_LINES = 1_000;
const TAIL_BYTES = 128 * 1024;
const READ_LIMIT_MS = 10_000;
/** Docker Engine API, "Attach to a container", stream format: type, three zero bytes, length as big-endian 32 bits. */
const HEADER_BYTES = 8;
const LINE_FEED = 0x0a;

/**
 * The end of a container's output, stdout and stderr in the order in which they were written. Bounded in lines, bytes
 * and time; what the engine cannot give is left out. Rejects with an `EngineError`.
 */
export async function readTail(engine: Engine, clock: Clock, id: string): Promise<OutputTail> {
  const stream = await engine.open({
    method: "GET",
    path: enginePath`/containers/${id}/logs`,
    query: { stdout: true, stderr: true, tail: ASKED_LINES },
    limitMs: READ_LIMIT_MS,
  });
  return tailOf(await lastBytes(stream, clock, READ_LIMIT_MS));
}

/** Demultiplexes the last part of an output. */
async function lastBytes(stream: Readable, clock: Clock, limitMs: number): Promise<DemultiplexedEnd> {
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
  return demultiplexer.last();
}

/** The engine writes one frame a line, several for a long one, and counts those for lines. */
export function tailOf({ output, cut, lines, frames }: DemultiplexedEnd): OutputTail {
  const isCountComplete = frames < ASKED_LINES;
  return { text: output.toString("utf8"), isCut: cut || !isCountComplete, lineCount: lines, isCountComplete };
}

export interface DemultiplexedEnd {
  readonly output: Buffer;
  /** Whether something before `output` is not kept. */
  readonly cut: boolean;
  /** Lines that came, kept or not; the last one may have no end. */
  readonly lines: number;
  /** Frames that came. */
  readonly frames: number;
}

export interface Demultiplexer {
  push(chunk: Buffer): void;
  /** What is kept. */
  last(): DemultiplexedEnd;
}

function lineFeedsIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}

/** Joins the payloads of stdout and stderr frames, as they come, and keeps the last `maxBytes` of them. */
export function createDemultiplexer(maxBytes: number): Demultiplexer {
  /** Twice as long as what is kept: its end moves to the front only when it is full. */
  const room = Buffer.alloc(2 * maxBytes);
  let filled = 0;
  let total = 0;
  let lineFeeds = 0;
  let frames = 0;
  const header = Buffer.alloc(HEADER_BYTES);
  let headerFilled = 0;
  let payloadLeft = 0;

  function keep(payload: Buffer): void {
    total += payload.length;
    lineFeeds += lineFeedsIn(payload);
    const last = payload.subarray(-maxBytes);
    if (filled + last.length > room.length) {
      room.copy(room, 0, filled - maxBytes, filled);
      filled = maxBytes;
    }
    filled += last.copy(room, filled);
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
        const copied = rest.copy(header, headerFilled);
        headerFilled += copied;
        rest = rest.subarray(copied);
        if (headerFilled < HEADER_BYTES) continue;
        payloadLeft = header.readUInt32BE(4);
        headerFilled = 0;
        frames++;
      }
    },
    last() {
      const output = Buffer.from(room.subarray(Math.max(0, filled - maxBytes), filled));
      const endsInLine = output.length > 0 && output.at(-1) !== LINE_FEED;
      return { output, cut: total > output.length, lines: lineFeeds + (endsInLine ? 1 : 0), frames };
    },
  };
}

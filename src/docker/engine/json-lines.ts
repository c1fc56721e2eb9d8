import type { Readable } from "node:stream";

/** A line this long is none of the engine's: they are some hundred bytes. */
const MAX_LINE_LENGTH = 1024 * 1024;

/**
 * Hands over each JSON line of a stream, and what is left at its end. Lines that are no JSON are left out, and those that
 * are too long, to their end.
 */
export function onJsonLine(stream: Readable, take: (value: unknown) => void): void {
  /** Of the line that has not ended, as they came: joined at its end alone, so that small ones cost no more than large ones. */
  let pieces: string[] = [];
  let length = 0;
  let isTooLong = false;
  const add = (piece: string) => {
    if (isTooLong) return;
    pieces.push(piece);
    length += piece.length;
    isTooLong = length > MAX_LINE_LENGTH;
    if (isTooLong) pieces = [];
  };
  const endLine = () => {
    const value = isTooLong ? undefined : parseJson(pieces.join(""));
    pieces = [];
    length = 0;
    isTooLong = false;
    if (value !== undefined) take(value);
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const [first = "", ...others] = chunk.split("\n");
    add(first);
    for (const line of others) {
      endLine();
      add(line);
    }
  });
  stream.on("end", endLine);
}

/** `undefined` for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import type { Readable } from "node:stream";

/** A line this long is none of the engine's: they are some hundred bytes. */
const MAX_LINE_LENGTH = 1024 * 1024;

/**
 * Hands over each JSON line of a stream, and what is left at its end. Lines that are no JSON are left out, and those that
 * are too long, to their end.
 */
export function onJsonLine(stream: Readable, take: (value: unknown) => void): void {
  let pending = "";
  let isTooLong = false;
  const takeLine = (line: string) => {
    const value = isTooLong ? undefined : parseJson(line);
    isTooLong = false;
    if (value !== undefined) take(value);
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (pending + chunk).split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) takeLine(line);
    if (pending.length <= MAX_LINE_LENGTH) return;
    pending = "";
    isTooLong = true;
  });
  stream.on("end", () => takeLine(pending));
}

/** `undefined` for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

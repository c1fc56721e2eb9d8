import { describe, expect, test } from "bun:test";
import { createDemultiplexer, TAIL_LINES, tailLines } from "../../../src/docker/container/container-tail.ts";

/** A frame of Docker's stream format: 1 is stdout, 2 stderr. */
function frame(type: 1 | 2, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function read(maxBytes: number, ...chunks: readonly Buffer[]) {
  const demultiplexer = createDemultiplexer(maxBytes);
  for (const chunk of chunks) demultiplexer.push(chunk);
  const { output, cut } = demultiplexer.last();
  return { text: output.toString(), cut };
}

describe("stdout and stderr", () => {
  const frames = Buffer.concat([frame(1, "one\n"), frame(2, "two\n"), frame(1, ""), frame(1, "three\n")]);
  test("come together in the order in which they were written", () => {
    expect(read(1_000, frames)).toEqual({ text: "one\ntwo\nthree\n", cut: false });
  });
  test.each([1, 3, 7, 8, 9])("whatever the pieces, here of %d bytes", (size) => {
    const pieces = Array.from({ length: Math.ceil(frames.length / size) }, (_, at) =>
      frames.subarray(at * size, at * size + size),
    );
    expect(read(1_000, ...pieces).text).toBe("one\ntwo\nthree\n");
  });
  test("are bounded: the last bytes stay, and it is known that something is missing", () => {
    const many = Array.from({ length: 1_000 }, (_, at) => frame(1, `line ${at}\n`));
    const { text, cut } = read(100, ...many);
    expect(text.length).toBe(100);
    expect(text).toEndWith("line 999\n");
    expect(cut).toBe(true);
  });
});

test.each([
  ["", []],
  ["a", ["a"]],
  ["a\nb\n", ["a", "b"]],
  ["a\r\n\r\nb\r\n", ["a", "", "b"]],
])("lines of %j", (text, expected) => {
  expect([...tailLines(Buffer.from(text))]).toEqual(expected);
});

test("only so many lines", () => {
  const text = Array.from({ length: TAIL_LINES + 50 }, (_, at) => `${at}\n`).join("");
  const lines = tailLines(Buffer.from(text));
  expect(lines).toHaveLength(TAIL_LINES);
  expect(lines.at(-1)).toBe(String(TAIL_LINES + 49));
});

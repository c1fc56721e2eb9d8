import { describe, expect, test } from "bun:test";
import { ASKED_LINES, createDemultiplexer, tailOf } from "../../../src/docker/container/container-tail.ts";

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
  const { output, ...rest } = demultiplexer.last();
  return { text: output.toString(), ...rest };
}

describe("stdout and stderr", () => {
  const frames = Buffer.concat([frame(1, "one\n"), frame(2, "two\n"), frame(1, ""), frame(1, "three\nfour")]);
  test("come together in the order in which they were written", () => {
    expect(read(1_000, frames)).toEqual({ text: "one\ntwo\nthree\nfour", cut: false, lines: 4, frames: 4 });
  });
  test.each([1, 3, 7, 8, 9])("whatever the pieces, here of %d bytes", (size) => {
    const pieces = Array.from({ length: Math.ceil(frames.length / size) }, (_, at) =>
      frames.subarray(at * size, at * size + size),
    );
    expect(read(1_000, ...pieces)).toEqual({ text: "one\ntwo\nthree\nfour", cut: false, lines: 4, frames: 4 });
  });
  test("are bounded: the last bytes stay, it is known that something is missing, and all lines are counted", () => {
    const many = Array.from({ length: 1_000 }, (_, at) => frame(1, `line ${at}\n`));
    const { text, ...rest } = read(100, ...many);
    expect(text.length).toBe(100);
    expect(text).toEndWith("line 999\n");
    expect(rest).toEqual({ cut: true, lines: 1_000, frames: 1_000 });
  });
  test("are bounded in one long frame as well", () => {
    const text = `${"x".repeat(1_000)}\n${"y".repeat(99)}z`;
    expect(read(100, frame(1, text))).toEqual({ text: `${"y".repeat(99)}z`, cut: true, lines: 2, frames: 1 });
  });
  test("take no more time for a million frames of one byte than their bytes ask for", () => {
    const chunk = Buffer.concat(Array.from({ length: 10_000 }, () => frame(1, "x")));
    const startedAt = performance.now();
    const { text } = read(64 * 1024, ...Array.from({ length: 100 }, () => chunk));
    expect(text.length).toBe(64 * 1024);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

test("as many frames as lines were asked for may be the end of more", () => {
  const end = { output: Buffer.from("a\nb\n"), cut: false, lines: 2, frames: 2 };
  expect(tailOf(end)).toEqual({ text: "a\nb\n", isCut: false, lineCount: 2, isCountComplete: true });
  expect(tailOf({ ...end, frames: ASKED_LINES })).toMatchObject({ isCut: true, isCountComplete: false });
  expect(tailOf({ ...end, cut: true })).toMatchObject({ isCut: true, isCountComplete: true });
});

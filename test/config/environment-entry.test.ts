import { describe, expect, test } from "bun:test";
import { parseEnvironmentEntry } from "../../src/config/environment-entry.ts";

describe("an entry is taken", () => {
  const taken: [text: string, name: string, value: string | undefined][] = [
    ["A=b", "A", "b"],
    ["A=", "A", ""],
    ["A=b=c==", "A", "b=c=="],
    ["A=-x", "A", "-x"],
    ["A= b\nc ", "A", " b\nc "],
    ["A", "A", undefined],
    ["a.b-c", "a.b-c", undefined],
    ["WARP_API_KEY=other", "WARP_API_KEY", "other"],
  ];
  test.each(taken)("%j", (text, name, value) => {
    expect(parseEnvironmentEntry(text)).toEqual({ ok: true, value: { name, value } });
  });
});

describe("an entry is refused, and never shown", () => {
  const refused: [text: string, problem: string][] = [
    ["", "is empty"],
    ["=hunter2", "empty key"],
    ["=", "empty key"],
    [" ", "white space"],
    [" A=hunter2", "white space"],
    ["A =hunter2", "white space"],
    ["A B=hunter2", "white space"],
    ["A\tB", "white space"],
    ["A\nB=hunter2", "white space"],
    ["A\u00a0B=hunter2", "white space"],
    ["hunter2 alone", "white space"],
    ["A\u0007=hunter2", "control character"],
    ["A=hunter2\0", "NUL"],
    ["WARP_API_KEY", "own API key"],
  ];
  test.each(refused)("%j: %s", (text, problem) => {
    const result = parseEnvironmentEntry(text);
    expect(result).toEqual({ ok: false, problem: expect.stringContaining(problem) });
    expect(JSON.stringify(result)).not.toContain("hunter2");
  });
});

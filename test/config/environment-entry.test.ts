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
    ["MY_TASK_ID=1", "MY_TASK_ID", "1"],
    ["task_id=1", "task_id", "1"],
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
    ["TASK_ID=hunter2", "would set TASK_ID, which tells each task its own id; give the variable another name"],
    ["TASK_ID", "would set TASK_ID"],
    ["TASK_ID=", "would set TASK_ID"],
  ];
  test.each(refused)("%j: %s", (text, problem) => {
    const result = parseEnvironmentEntry(text);
    expect(result).toEqual({ ok: false, problem: expect.stringContaining(problem) });
    expect(JSON.stringify(result)).not.toContain("hunter2");
  });
});

describe("the largest entry is what a process can be given, its name and its end included", () => {
  // execve takes 131,072 bytes, a NUL among them: 131,067 for the value behind `KEY=`.
  test.each(["x".repeat(131_067), `${"ü".repeat(65_533)}x`])("just so", (value) => {
    expect(parseEnvironmentEntry(`KEY=${value}`)).toEqual({ ok: true, value: { name: "KEY", value } });
  });
  test.each(["x".repeat(131_068), "ü".repeat(65_534)])("one byte more", (value) => {
    const problem =
      "would set KEY to more than a process can be given (131073 bytes with its name, at most 131072); put it into a file and mount that as a volume";
    expect(parseEnvironmentEntry(`KEY=${value}`)).toEqual({ ok: false, problem });
  });
});

import { describe, expect, test } from "bun:test";
import { MAX_SHOWN_LINES, NO_OUTPUT, type OutputTail, shownLines } from "../../src/support/output-tail.ts";
import { createRedactor } from "../../src/support/redaction.ts";

const SECRET = "first-half-of-it-second-half";
const redact = createRedactor([SECRET]);

function whole(text: string): OutputTail {
  return {
    text,
    isCut: false,
    lineCount: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
    isCountComplete: true,
  };
}

const shown = (tail: OutputTail) => [...shownLines(tail, redact)];

describe("the shown end of an output", () => {
  test.each([
    ["", []],
    ["a", ["a"]],
    ["a\nb\n", ["a", "b"]],
    ["a\r\n\r\nb\r\n", ["a", "", "b"]],
    ["\n", [""]],
  ])("%j has the lines %j", (text, expected) => {
    expect(shown(whole(text))).toEqual(expected);
    expect(shown(NO_OUTPUT)).toEqual([]);
  });

  test("has its last lines, and says how many came before", () => {
    const text = Array.from({ length: MAX_SHOWN_LINES + 50 }, (_, at) => `${at}\n`).join("");
    const lines = shown(whole(text));
    expect(lines).toHaveLength(MAX_SHOWN_LINES + 1);
    expect(lines[0]).toBe("(50 earlier lines left out)");
    expect(lines.at(-1)).toBe(String(MAX_SHOWN_LINES + 49));
    expect(shown({ ...whole(text), isCountComplete: false })[0]).toBe("(at least 50 earlier lines left out)");
  });

  test("has both ends of a long line, and says how much is missing", () => {
    const line = `begin${"x".repeat(300_000)}the end`;
    expect(shown(whole(`a\n${line.slice(0, 100_000)}the end\n`))).toEqual([
      "a",
      `begin${"x".repeat(495)}… (99007 characters left out) …${"x".repeat(493)}the end`,
    ]);
    // What is kept begins in the middle of the line.
    const cut = { text: line.slice(-128 * 1024), isCut: true, lineCount: 8, isCountComplete: true };
    expect(shown(cut)).toEqual([
      "(7 earlier lines left out)",
      `(start of the line left out) …${"x".repeat(493)}the end`,
    ]);
  });

  test("halves no character", () => {
    const text = shown(whole(`${"😀".repeat(251)}x${"😀".repeat(1_000)}`)).join("");
    expect(text.isWellFormed()).toBe(true);
  });

  test("has no half of a secret, wherever what is kept begins", () => {
    const output = `before\n${SECRET}\n`.repeat(300);
    for (let from = 0; from < 60; from++) {
      const tail = { text: output.slice(from), isCut: true, lineCount: 600, isCountComplete: true };
      const lines = shown(tail);
      expect(new Set(lines.slice(1))).toEqual(new Set(["before", "[redacted]"]));
      expect(lines[0]).toBe(`(${600 - lines.length + 1} earlier lines left out)`);
    }
  });

  test("has no half of a secret at the cut of a line, or in the one line there is", () => {
    for (let before = 470; before < 520; before++) {
      const line = `${"x ".repeat(before / 2)}${SECRET}${" y".repeat(2_000)}`;
      expect(shown(whole(line)).join("")).not.toMatch(/first|half|second/);
    }
    const halves = {
      text: `${SECRET.slice(5)}${SECRET.repeat(400)}`,
      isCut: true,
      lineCount: 1,
      isCountComplete: true,
    };
    expect(shown(halves)).toEqual(["(start of the line left out) …[redacted]"]);
  });

  test("a secret over several lines is hidden in each", () => {
    expect(
      shown(whole(`a ${SECRET.slice(0, 10)}\n\x1b[31m${SECRET.slice(10, 20)}\r\n${SECRET.slice(20)} b\n`)),
    ).toEqual(["a [redacted]", "[redacted]", "[redacted] b"]);
  });
});

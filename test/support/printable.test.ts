import { describe, expect, test } from "bun:test";
import { escapeUnprintable, quoted, shorten } from "../../src/support/printable.ts";

describe("escapeUnprintable", () => {
  const cases: readonly [string, string][] = [
    ["plain text, ünïcode, 漢字, 😀", "plain text, ünïcode, 漢字, 😀"],
    ["a\nb\r\tc", "a\\nb\\r\\tc"],
    ["\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"],
    ["\x9b31m", "\\u009b31m"],
    ["\0\x7f", "\\u0000\\u007f"],
    ["a\u202eb\u2028c\u2029d", "a\\u202eb\\u2028c\\u2029d"],
    ["\ud800", "\\ud800"],
    ["\u{e0041}", "\\u{e0041}"],
  ];
  test.each(cases)("%j becomes %j", (text, expected) => {
    expect(escapeUnprintable(text)).toBe(expected);
  });
});

describe("shorten", () => {
  test("leaves short text alone, marks a cut, never halves a character", () => {
    expect(shorten("abc", 3)).toBe("abc");
    expect(shorten("abcd", 3)).toBe("abc…");
    expect(shorten("ab😀", 3)).toBe("ab…");
  });
});

describe("quoted", () => {
  test("escapes quotes, backslashes and unprintables", () => {
    expect(quoted('a"b\\c\n')).toBe('"a\\"b\\\\c\\n"');
    expect(quoted("x".repeat(200), 5)).toBe('"xxxxx…"');
  });
});

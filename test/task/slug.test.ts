import { describe, expect, test } from "bun:test";
import { slugOf } from "../../src/task/slug.ts";

describe("slugOf", () => {
  const cases: readonly [string, number, string][] = [
    ["task-1", 40, "task-1"],
    ["A.b_c-9", 40, "A.b_c-9"],
    ["../../etc/passwd", 40, "etc-passwd"],
    ["a/b\\c", 40, "a-b-c"],
    [`it's "quoted" $(id) \`x\``, 40, "it-s-quoted-id-x"],
    ["line\nbreak\r\n", 40, "line-break"],
    ["a\0b", 40, "a-b"],
    ["café", 40, "cafe"],
    ["漢字 and 😀", 40, "and"],
    ["漢字", 40, "unnamed"],
    ["\ud800", 40, "unnamed"],
    ["", 40, "unnamed"],
    ["...", 40, "unnamed"],
    ["-_.x.-_", 40, "x"],
    ["abcdef", 3, "abc"],
    ["ab-cdef", 3, "ab"],
    ["", 2, "un"],
    ["abc", 0, "a"],
  ];
  test.each(cases)("%j at most %i: %j", (text, max, expected) => {
    expect(slugOf(text, max)).toBe(expected);
  });

  test("a text of megabytes is no trouble", () => {
    expect(slugOf("x/".repeat(2_000_000), 5)).toBe("x-x-x");
  });
});

import { expect, test } from "bun:test";
import { shownSpan } from "../../src/support/shown-span.ts";

test.each([
  [0, "0 s"],
  [-5, "0 s"],
  [999, "0 s"],
  [45_900, "45 s"],
  [60_000, "1 min"],
  [8_045_000, "2 h 14 min"],
  [3_600_000, "1 h"],
  [90_061_000, "1 d 1 h"],
  [86_405_000, "1 d"],
])("%d ms: %s", (ms, text) => {
  expect(shownSpan(ms)).toBe(text);
});

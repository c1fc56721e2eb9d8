import { expect, test } from "bun:test";
import { isIgnored } from "../../src/host/signals.ts";

test.each([
  ["0000000000000001", true],
  ["0000000000001001", true],
  ["0000000000001000", false],
  ["0000000000000000", false],
])("SigIgn %s: SIGHUP is ignored: %p", (mask, expected) => {
  expect(isIgnored("SIGHUP", `Name:\tworker\nSigIgn:\t${mask}\nSigCgt:\t0000000000000001\n`)).toBe(expected);
});

test("where the kernel does not tell nothing is ignored", () => {
  expect(isIgnored("SIGHUP", "")).toBe(false);
});

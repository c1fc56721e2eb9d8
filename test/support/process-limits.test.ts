import { expect, test } from "bun:test";
import { entryBytes, MAX_ENTRY_BYTES } from "../../src/support/process-limits.ts";

/** `KEY=xxx` of so many bytes, its NUL included. */
const ofBytes = (bytes: number) => ({ KEY: "x".repeat(bytes - entryBytes("KEY=")) });

test("a process starts with an entry of the limit, and not with one byte more", async () => {
  const start = (bytes: number) => Bun.spawn(["/bin/true"], { env: ofBytes(bytes) }).exited;
  expect(await start(MAX_ENTRY_BYTES)).toBe(0);
  expect(() => start(MAX_ENTRY_BYTES + 1)).toThrow("E2BIG");
});

test("an entry has the bytes of its characters and its NUL", () => {
  expect(entryBytes("")).toBe(1);
  expect(entryBytes("KEY=ü€😀")).toBe(4 + 2 + 3 + 4 + 1);
});

import { describe, expect, test } from "bun:test";
import { createBackoff, retryAfterMs } from "../../src/control-plane/backoff.ts";

describe("createBackoff", () => {
  test("starts at 1 s and doubles to 60 s", () => {
    const low = createBackoff(() => 0);
    const middle = createBackoff(() => 0.5);
    const high = createBackoff(() => 1 - Number.EPSILON);
    const eight = Array.from({ length: 8 });
    expect(eight.map(() => low.next())).toEqual([800, 1_600, 3_200, 6_400, 12_800, 25_600, 48_000, 48_000]);
    expect(eight.map(() => middle.next())).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 54_000, 54_000]);
    expect(eight.map(() => high.next())).toEqual([1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 60_000, 60_000]);
  });

  test("falls back to 1 s on reset", () => {
    const backoff = createBackoff(() => 0.5);
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(1_000);
  });

  test("spreads delays, also at the top", () => {
    const backoff = createBackoff();
    for (let i = 0; i < 10; i++) backoff.next();
    const delays = Array.from({ length: 50 }, () => backoff.next());
    expect(new Set(delays).size).toBeGreaterThan(10);
    expect(Math.max(...delays)).toBeLessThanOrEqual(60_000);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(48_000);
  });

  test.each([
    ["shorter than its own delay", 500, 1_000],
    ["longer", 7_000, 7_700],
    ["longer than a minute", 3_600_000, 60_000],
  ])("heeds what the server asks for: %s", (_, asked, expected) => {
    expect(createBackoff(() => 0.5).next(asked)).toBe(expected);
  });
});

test.each([
  ["7", 7_000],
  [" 120 ", 120_000],
  ["0", 0],
  ["Wed, 01 Jan 2025 00:00:30 GMT", 30_000],
  ["Tue, 31 Dec 2024 00:00:00 GMT", 0],
  ["soon", undefined],
  ["-5", undefined],
  ["1.5", undefined],
  ["", undefined],
  [null, undefined],
])("reads Retry-After %p", (header, expected) => {
  expect(retryAfterMs(header, Date.UTC(2025, 0, 1))).toBe(expected);
});

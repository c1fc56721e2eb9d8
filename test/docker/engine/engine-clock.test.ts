import { expect, test } from "bun:test";
import { createEngineClock } from "../../../src/docker/engine/engine-clock.ts";

const AT = Date.parse("2025-01-02T03:04:05Z");
const header = (ms: number) => new Date(ms).toUTCString();

/** A clock on a machine whose own one shows `own`, after an answer with that date to what was asked `tookMs` before. */
function after(own: number, told: string | undefined, tookMs = 20): number {
  const clock = createEngineClock(() => own);
  clock.note(told, own - tookMs);
  return clock.now();
}

test.each([
  ["the same second", AT + 400, header(AT)],
  ["one that began while the answer was under way", AT + 1_010, header(AT)],
  ["no date", AT, undefined],
  ["no date that can be read", AT, "yesterday"],
])("an answer of %s leaves the machine's own time", (_, own, told) => {
  expect(after(own, told)).toBe(own);
});

test("an engine whose time is another is followed, to the second", () => {
  for (const aheadMs of [-3_600_000, -10_000, 10_000, 86_400_000]) {
    expect(Math.abs(after(AT, header(AT + aheadMs)) - (AT + aheadMs))).toBeLessThan(1_000);
  }
});

test("an answer that was long under way says nothing, and one that agrees sets it back", () => {
  expect(after(AT, header(AT - 60_000), 10_000)).toBe(AT);
  const clock = createEngineClock(() => AT);
  clock.note(header(AT + 60_000), AT - 20);
  expect(clock.now()).toBeGreaterThan(AT + 50_000);
  clock.note(header(AT), AT - 20);
  expect(clock.now()).toBe(AT);
});

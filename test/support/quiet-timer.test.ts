import { expect, test } from "bun:test";
import type { Clock } from "../../src/support/clock.ts";
import { createQuietTimer } from "../../src/support/quiet-timer.ts";
import { ManualClock } from "./manual-clock.ts";

test("tells once the time is over, anew from each sign of life, and never once it is cancelled", () => {
  const clock = new ManualClock();
  let told = 0;
  const timer = createQuietTimer(clock, () => {
    told += 1;
  });
  timer.restart(120_000);
  clock.advance(119_000);
  timer.restart(120_000);
  clock.advance(119_000);
  expect(told).toBe(0);
  clock.advance(1_000);
  expect(told).toBe(1);
  timer.restart(1_000);
  timer.cancel();
  clock.advance(10_000);
  expect(told).toBe(1);
  expect(clock.pending()).toEqual([]);
});

test("a process that was stopped counts one part, however long it was stopped", () => {
  const due: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    epoch: () => 0,
    after(_, action) {
      due.push(action);
      return { cancel() {} };
    },
  };
  let told = false;
  createQuietTimer(clock, () => {
    told = true;
  }).restart(120_000);
  // It wakes: what is due runs, and nothing else.
  due.shift()?.();
  expect(told).toBe(false);
  for (let parts = 1; parts < 12; parts += 1) due.shift()?.();
  expect(told).toBe(true);
});

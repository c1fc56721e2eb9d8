import { expect, test } from "bun:test";
import { createRush } from "../../src/support/rush.ts";
import { ManualClock } from "./manual-clock.ts";

async function isSettled(promise: Promise<void>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), Bun.sleep(1).then(() => false)]);
}

test("what is not urgent waits until the last of what is urgent has ended", async () => {
  const clock = new ManualClock();
  const rush = createRush(clock);
  expect(await isSettled(rush.over(1_000))).toBe(true);
  const [first, second] = [rush.enter(), rush.enter()];
  const over = rush.over(1_000);
  first();
  first();
  expect(await isSettled(over)).toBe(false);
  second();
  expect(await isSettled(over)).toBe(true);
  expect(clock.pending()).toEqual([]);
});

test("but not for longer than it can bear", async () => {
  const clock = new ManualClock();
  const rush = createRush(clock);
  const leave = rush.enter();
  const over = rush.over(1_000);
  clock.advance(999);
  expect(await isSettled(over)).toBe(false);
  clock.advance(1);
  expect(await isSettled(over)).toBe(true);
  leave();
});

import { describe, expect, test } from "bun:test";
import { repeat } from "../../src/support/repeat.ts";
import { ManualClock } from "./manual-clock.ts";

function repeated() {
  const clock = new ManualClock();
  const ends: (() => void)[] = [];
  const repeating = repeat(clock, 1_000, () => new Promise<void>((resolve) => ends.push(resolve)));
  const end = async () => {
    ends.at(-1)?.();
    await Bun.sleep(0);
  };
  return { clock, repeating, end, times: () => ends.length };
}

describe("something repeated", () => {
  test("is done every so often, counted from its end", async () => {
    const { clock, end, times } = repeated();
    clock.advance(999);
    expect(times()).toBe(0);
    clock.advance(1);
    expect(times()).toBe(1);
    clock.advance(5_000);
    expect(times()).toBe(1);
    await end();
    clock.advance(999);
    expect(times()).toBe(1);
    clock.advance(1);
    expect(times()).toBe(2);
  });

  test("is done now where that is asked for, and never twice at once", async () => {
    const { clock, repeating, end, times } = repeated();
    repeating.now();
    repeating.now();
    expect(times()).toBe(1);
    await end();
    expect(clock.pending()).toEqual([1_000]);
  });

  test("goes on after a failure", async () => {
    const clock = new ManualClock();
    let times = 0;
    repeat(clock, 10, async () => {
      times += 1;
      throw new Error("no");
    });
    clock.advance(10);
    await Bun.sleep(0);
    clock.advance(10);
    expect(times).toBe(2);
  });

  test("leaves nothing behind once it is stopped, also while it is being done", async () => {
    const { clock, repeating, end, times } = repeated();
    repeating.now();
    repeating.stop();
    await end();
    repeating.now();
    clock.advance(10_000);
    expect(times()).toBe(1);
    expect(clock.pending()).toEqual([]);
  });
});

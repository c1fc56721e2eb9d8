import { describe, expect, test } from "bun:test";
import { pause } from "../../../src/support/clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("virtual time", () => {
  test("moves only when nothing is ready, to the next timer and no further", () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const work = async (name: string, ms: number) => {
      for (let turn = 1; turn <= 2; turn += 1) {
        await pause(clock, ms);
        await Promise.resolve();
        seen.push(`${name}${turn} at ${clock.now()}`);
      }
    };
    void work("slow", 5_000);
    void work("quick", 2_000);
    expect(clock.run(() => seen.length === 4, 60_000)).toBe("over");
    expect(seen).toEqual(["quick1 at 2000", "quick2 at 4000", "slow1 at 5000", "slow2 at 10000"]);
  });

  test("stands at its limit when nothing comes before that, and loses nothing", () => {
    const clock = new VirtualClock();
    let rang = 0;
    clock.after(3_000, () => {
      rang = clock.now();
    });
    expect(clock.run(() => false, 1_000)).toBe("limit");
    expect([clock.now(), rang]).toEqual([1_000, 0]);
    clock.run(() => false, 4_000);
    expect(rang).toBe(3_000);
  });

  test("runs timers of one instant in the order in which they were set, and none that was cancelled", () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      const timer = clock.after(index % 2 === 0 ? 10 : 5, () => seen.push(index));
      if (index % 3 === 0) timer.cancel();
    }
    clock.run(() => false, 20);
    expect(seen).toEqual([1, 5, 7, 11, 13, 17, 19, 2, 4, 8, 10, 14, 16]);
  });

  test("has a calendar that can be set without moving time", () => {
    const clock = new VirtualClock();
    const before = clock.epoch();
    clock.stepEpoch(-3_600_000);
    expect([clock.epoch() - before, clock.now()]).toEqual([-3_600_000, 0]);
  });
});

import { expect, test } from "bun:test";
import { createDoor } from "../../src/worker/door.ts";
import { ManualClock } from "../support/manual-clock.ts";

test("an open door has no reason; a paused one tells the operator's note", () => {
  const door = createDoor(new ManualClock());
  expect(door.reason()).toBeUndefined();
  expect(door.pause("new disk", undefined)).toBe(true);
  expect(door.reason()).toBe("worker is paused: new disk");
  expect(door.pause(undefined, undefined)).toBe(true);
  expect(door.reason()).toBe("worker is paused");
  expect(door.resume()).toBe(true);
  expect(door.resume()).toBe(false);
  expect(door.reason()).toBeUndefined();
});

test("a pause with a time ends by itself, says so once, and leaves no timer when it is ended before", () => {
  const clock = new ManualClock();
  let reopened = 0;
  const door = createDoor(clock, () => {
    reopened += 1;
  });
  door.pause("lunch", 30 * 86_400_000);
  expect(door.state()).toEqual({ kind: "paused", note: "lunch", untilMs: clock.epoch() + 30 * 86_400_000 });
  clock.advance(30 * 86_400_000 - 1);
  expect(door.reason()).toBeDefined();
  clock.advance(1);
  expect([door.reason(), reopened]).toEqual([undefined, 1]);
  door.pause(undefined, 5_000);
  door.resume();
  clock.advance(10_000);
  expect([clock.pending(), reopened]).toEqual([[], 1]);
});

test("a shut door stays shut", () => {
  const door = createDoor(new ManualClock());
  door.shut("draining");
  expect([door.pause(undefined, undefined), door.resume()]).toEqual([false, false]);
  expect(door.reason()).toStartWith("worker is draining");
  door.shut("stopping");
  expect(door.reason()).toBe("worker is shutting down");
});

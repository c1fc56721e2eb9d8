import { expect, test } from "bun:test";
import { heartbeatStep } from "../../src/control-plane/heartbeat.ts";

test.each([
  ["just opened", 0, 0, 0, { action: "wait", againInMs: 30_000 }],
  ["a ping is due", 30_000, 0, 0, { action: "ping", againInMs: 30_000 }],
  ["a ping is due, and the limit is near", 50_000, 0, 20_000, { action: "ping", againInMs: 10_000 }],
  ["silent, but not long enough", 59_999, 0, 30_000, { action: "wait", againInMs: 1 }],
  ["silent for 60 s", 60_000, 0, 30_000, { action: "give-up" }],
  ["heard lately", 60_000, 30_010, 30_000, { action: "ping", againInMs: 30_000 }],
  ["pinged lately for a message", 40_000, 39_000, 39_000, { action: "wait", againInMs: 29_000 }],
] as const)("%s", (_, now, heardAt, pingedAt, expected) => {
  expect(heartbeatStep(now, { heardAt, pingedAt })).toEqual(expected);
});

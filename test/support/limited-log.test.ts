import { expect, test } from "bun:test";
import { limitLog } from "../../src/support/limited-log.ts";
import { ManualClock } from "./manual-clock.ts";
import { recordedLog } from "./recorded-log.ts";

test("a message is written some times in a window, then counted, whatever its fields are", () => {
  const clock = new ManualClock();
  const log = recordedLog();
  const limited = limitLog(log, clock);
  for (let n = 0; n < 25; n++) limited.warn("it came", { n });
  limited.with({ task: "t" }).info("another came");
  expect(log.messages("warn")).toHaveLength(20);
  expect(log.messages("info")).toEqual(["another came"]);
  clock.advance(10_000);
  expect(log.messages("warn").at(-1)).toBe("it came: 5 more like it in 10 s");
  expect(log.messages("info")).toHaveLength(1);
  limited.warn("it came", {});
  expect(log.messages("warn").at(-1)).toBe("it came");
  limited.close();
  expect(clock.pending()).toEqual([]);
});

test("what was counted is said at the end, and no timer stays", () => {
  const clock = new ManualClock();
  const log = recordedLog();
  const limited = limitLog(log, clock);
  for (let n = 0; n < 22; n++) limited.info("it came");
  limited.close();
  expect(log.messages("info").at(-1)).toBe("it came: 2 more like it in 10 s");
  expect(clock.pending()).toEqual([]);
});

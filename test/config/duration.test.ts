import { describe, expect, test } from "bun:test";
import { parseDuration } from "../../src/config/duration.ts";

describe("what the agent reads is taken, and becomes its one plain form", () => {
  const taken: [text: string, plain: string][] = [
    ["45m", "45m"],
    ["10m", "10m"],
    ["0s", "0s"],
    ["1h30m", "1h30m"],
    ["1h 30m", "1h30m"],
    [" 1 h  30\tm\n", "1h30m"],
    ["90m", "1h30m"],
    ["90s", "1m30s"],
    ["3600s", "1h"],
    ["30m1h", "1h30m"],
    ["1m1m", "2m"],
    ["045m", "45m"],
    ["0h0m0s", "0s"],
    ["0ns", "0s"],
    ["1d", "24h"],
    ["1week 2days", "216h"],
    ["1M", "730h33m36s"],
    ["1y", "8766h"],
    ["1h1m1s1ms1us1ns", "1h1m1s1ms1us1ns"],
    ["999ms 1000us", "1s"],
    ["1500ms", "1s500ms"],
    ["292years", "2559672h"],
  ];
  test.each(taken)("%j is %s", (text, plain) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: plain });
    expect(parseDuration(plain)).toEqual({ ok: true, value: plain });
  });

  // Every name of every unit, by hand from the documentation of humantime.
  const units: [names: string[], plain: string][] = [
    [["nsec", "ns", "nanos"], "2ns"],
    [["usec", "us", "µs"], "2us"],
    [["msec", "ms", "millis"], "2ms"],
    [["seconds", "second", "secs", "sec", "s"], "2s"],
    [["minutes", "minute", "mins", "min", "m"], "2m"],
    [["hours", "hour", "hrs", "hr", "h"], "2h"],
    [["days", "day", "d"], "48h"],
    [["weeks", "week", "wks", "wk", "w"], "336h"],
    [["months", "month", "M"], "1461h7m12s"],
    [["years", "year", "yrs", "yr", "y"], "17532h"],
  ];
  test.each(units)("2 of %j is %s", (names, plain) => {
    for (const name of names) expect(parseDuration(`2${name}`)).toEqual({ ok: true, value: plain });
  });
});

describe("what the agent does not read is refused, with what to write instead where that can be told", () => {
  const refused: [text: string, advice: string][] = [
    ["1.5h", 'write 1h30m in place of "1.5h"'],
    [".5h", 'write 30m in place of ".5h"'],
    ["5.h", 'write 5h in place of "5.h"'],
    ["0.1s", 'write 100ms in place of "0.1s"'],
    ["1.5h30m", 'write 2h in place of "1.5h30m"'],
    ["+5m", 'write 5m in place of "+5m"'],
    ["+1.5h", 'write 1h30m in place of "+1.5h"'],
    ["1μs", 'write 1us in place of "1μs"'], // U+03BC
    ["1H", 'write 1h in place of "1H"'],
    ["45 Min", 'write 45m in place of "45 Min"'],
    ["0", '"0" has no unit, write 0s'],
    ["+0", '"+0" has no unit, write 0s'],
    ["0.0", '"0.0" has no unit, write 0s'],
    ["45", '"45" has no unit, write 45m for minutes or 45s for seconds'],
    ["045", "write 45m for minutes or 45s for seconds"],
    ["1h30", '"1h30" has a number without a unit'],
    ["1.5", '"1.5" has a number without a unit'],
    ["9".repeat(30), "has a number without a unit"],
    ["-5m", 'none is below zero, got "-5m"'],
    ["-0s", "none is below zero"],
    ["soon", 'got "soon"'],
    ["m", 'got "m"'],
    ["1h 30 m s", "got"],
    ["1 hour and 30 minutes", "got"],
    ["1h,30m", "got"],
    ["1,5h", "got"],
    ["4 5m", "got"],
    ["5fortnights", "got"],
    ["5toString", "got"],
    ["PT45M", "got"],
    ["0:45", "has a number without a unit"],
    ["0x1s", "got"],
    ["1e3s", "got"],
    ["--5m", "none is below zero"],
    ["+-5m", "got"],
    ["+", "got"],
    [".", "got"],
    [".s", "got"],
    ["1..5h", "got"],
    ["4５m", "got"],
    ['"10m"', "got"],
    ["KEY=5m", 'got "KEY=…"'],
    ["3000000h", '"3000000h" is too long'],
    ["293y", "is too long"],
    [`${"9".repeat(400)}h`, "is too long"],
  ];
  test.each(refused)("%j: %s", (text, advice) => {
    const problem = expect.stringMatching(/^takes a duration such as 45m, 1h30m or 0s; [^\n]+$/);
    expect(parseDuration(text)).toEqual({ ok: false, problem });
    expect(parseDuration(text)).toEqual({ ok: false, problem: expect.stringContaining(advice) });
  });
  test.each(["", " ", "\n"])("%j", (text) => {
    const problem = "is blank; it takes a duration such as 45m, 1h30m or 0s";
    expect(parseDuration(text)).toEqual({ ok: false, problem });
  });
});

import { describe, expect, test } from "bun:test";
import { parseDuration } from "../../src/config/duration.ts";

describe("a duration is taken as Go takes it", () => {
  const taken = [
    ...["45m", "10m", "0s", "1h30m", "0", "1.5h", "300ms", ".5s", "5.h", "1us", "1µs", "1μs", "7ns", "+5m", "1m1m"],
    ...["2562047h47m16s", "0h0m0s"],
  ];
  test.each(taken)("%s", (text) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: text });
  });
  test("white space around it is dropped", () => {
    expect(parseDuration(" 45m\n")).toEqual({ ok: true, value: "45m" });
  });
});

describe("what is no duration is refused with an example", () => {
  const refused = [
    ...["", " ", "-5m", "-0s", "45", "1.5", "m", "45 m", "45min", "1d", "1h30", "abc", ".", ".s", "1..5h", "0x1s"],
    ...["1e3s", "--5m", "+-5m", "+", "4５m", "3000000h", `${"9".repeat(400)}h`, "45M", "1,5h"],
  ];
  test.each(refused)("%j", (text) => {
    const result = parseDuration(text);
    expect(result).toEqual({ ok: false, problem: expect.stringContaining("a duration such as 45m") });
  });
  test("a bare number hears that the unit is missing", () => {
    expect(parseDuration("45")).toEqual({ ok: false, problem: expect.stringContaining('"45" without a unit') });
  });
});

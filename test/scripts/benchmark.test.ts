import { describe, expect, test } from "bun:test";
import { readBenchOptions } from "../../scripts/benchmark/bench-options.ts";
import { chartOf } from "../../scripts/benchmark/chart.ts";
import { type Figure, type Results, ratioOf, verdictOf } from "../../scripts/benchmark/figure.ts";
import { growthPerStep, median, noiseAroundGrowth, spread } from "../../scripts/benchmark/statistics.ts";
import { amount, tableOf } from "../../scripts/benchmark/table.ts";

const figure = (changes: Partial<Figure> = {}): Figure => ({
  name: "one-task",
  title: "One task <at a time>",
  unit: "ms",
  worker: 210,
  bare: { what: "create & start", value: 200 },
  rounds: 5,
  ...changes,
});
const alone = (worker: number): Figure => {
  const { bare: _, ...rest } = figure({ worker, unit: "MiB", limit: { mustHold: 60, goal: 45 } });
  return rest;
};

describe("statistics", () => {
  test.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[7], 7],
  ])("the median of %j", (figures, expected) => {
    expect(median(figures)).toBe(expected);
  });
  test("the median of nothing is no number", () => expect(median([])).toBeNaN());
  test("the spread is the middle half over the median", () => {
    expect(spread([10, 20, 30, 40, 50])).toBeCloseTo(20 / 30);
    expect(spread([5, 5, 5])).toBe(0);
  });
  test.each([
    [[40, 42, 44, 46], 2],
    [[40, 41, 39, 40], -0.25],
    [[40, 41, 90, 43, 44], 1],
    [[40], 0],
  ])("the growth in %j", (figures, expected) => {
    expect(growthPerStep(figures)).toBeCloseTo(expected);
  });
  test("what grows steadily has no noise, what only jumps has much", () => {
    expect(noiseAroundGrowth([40, 42, 44, 46])).toBeCloseTo(0);
    expect(noiseAroundGrowth([40, 45, 40, 45])).toBeGreaterThan(4);
    expect(noiseAroundGrowth([])).toBe(0);
  });
});

describe("a figure and its limit", () => {
  test("the ratio counts where there is one", () => {
    expect(ratioOf(figure())).toBeCloseTo(1.05);
    expect(verdictOf(figure({ limit: { mustHold: 1.08, goal: 1 } }))).toBe("holds");
    expect(verdictOf(figure({ limit: { mustHold: 1.08, goal: 1.05 } }))).toBe("goal");
    expect(verdictOf(figure({ limit: { mustHold: 1.04 } }))).toBe("MISSED");
    expect(verdictOf(figure())).toBe("");
  });
  test.each([
    [44, "goal"],
    [50, "holds"],
    [61, "MISSED"],
  ] as const)("alone, %d MiB", (worker, expected) => {
    expect(ratioOf(alone(worker))).toBeUndefined();
    expect(verdictOf(alone(worker))).toBe(expected);
  });
});

test("the table has both figures, the ratio and the limits in the unit that they are of", () => {
  const [head, first, second] = tableOf([figure({ limit: { mustHold: 1.08, goal: 1 } }), alone(44)]);
  expect(head?.trim().split(/\s{2,}/)).toEqual(["worker", "bare", "ratio", "must hold", "goal", "spread"]);
  expect(first?.split(/\s{2,}/)).toEqual(["One task <at a time>", "210 ms", "200 ms", "1.05", "1.08", "1.00", "holds"]);
  expect(second?.split(/\s{2,}/)).toEqual(["One task <at a time>", "44.0 MiB", "60.0 MiB", "45.0 MiB", "goal"]);
});

test.each([
  [38.25, "38.3 ms"],
  [99.96, "100 ms"],
  [412.4, "412 ms"],
])("the amount %d", (value, expected) => {
  expect(amount(value, "ms")).toBe(expected);
});

describe("the chart", () => {
  const results: Results = {
    date: "2025-01-02",
    machine: { cpus: 4, cpuModel: "Some & Processor", memoryGib: 16, engineVersion: "20.10.24", apiVersion: "1.41" },
    figures: [figure(), alone(44)],
  };
  const chart = chartOf(results);
  test("is whole XML with light and dark colours", () => {
    const open: string[] = [];
    for (const [, end, name = "", single] of chart.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
      if (end === "/") expect(open.pop()).toBe(name);
      else if (single !== "/") open.push(name);
    }
    expect(open).toEqual([]);
    expect(chart).toContain(">One task &lt;at a time&gt;</text>");
    expect(chart).toContain("2025-01-02; 4 CPUs (Some &amp; Processor), 16 GiB, Docker 20.10.24 (API 1.41)");
    expect(chart).toContain("prefers-color-scheme: dark");
  });
  test("draws what is compared, to scale", () => {
    const width = (kind: string) =>
      [...chart.matchAll(new RegExp(`class="${kind}" x="330" y="\\d+" width="([\\d.]+)"`, "g"))].map(([, w]) =>
        Number(w),
      );
    expect(width("worker")).toEqual([420]);
    expect(width("bare")).toEqual([400]);
  });
});

describe("the options", () => {
  test("have defaults", () => {
    expect(readBenchOptions([])).toEqual({
      help: false,
      worker: undefined,
      json: undefined,
      chart: undefined,
      from: undefined,
      only: [],
      long: false,
      rounds: 1,
    });
  });
  test("are read", () => {
    expect(readBenchOptions(["--only", "start,load", "--rounds=0.5", "--long"])).toMatchObject({
      only: ["start", "load"],
      rounds: 0.5,
      long: true,
    });
  });
  test.each([
    [["--only", "speed"], "speed is none of"],
    [["--rounds", "0"], "--rounds takes a factor"],
    [["--rounds", "many"], "--rounds takes a factor"],
    [["--fast"], "--fast"],
    [["extra"], "extra"],
  ])("%j is refused by name", (args, expected) => {
    const refused = readBenchOptions(args);
    expect("problem" in refused ? refused.problem : "").toContain(expected);
  });
});

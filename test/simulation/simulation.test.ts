import { describe, expect, test } from "bun:test";
import { KNOWN } from "./known.ts";
import { inParallel } from "./run/in-parallel.ts";
import { readReplayLine, writeReplayLine } from "./run/replay-line.ts";
import { runLine } from "./run/run-line.ts";
import { GATE } from "./run/work-list.ts";
import { SCENARIOS } from "./scenarios/all-scenarios.ts";

/** Two cores are what everybody has. */
const PROCESSES = 2;
/** Half a minute, on a machine that does nothing else. */
const GATE_LIMIT_MS = 900_000;

test(
  "all crash points of all scenarios, and many seeds, hold what the worker promises",
  async () => {
    const tally = await inParallel([], PROCESSES);
    expect(tally.violations).toEqual([]);
    expect(tally.scenarios.toSorted()).toEqual(SCENARIOS.map(({ name }) => name).toSorted());
    expect(tally.seeds).toBe(GATE.seeds?.to ?? 0);
    expect(tally.points).toBeGreaterThan(SCENARIOS.length * 50);
  },
  GATE_LIMIT_MS,
);

describe("what is known to be wrong", () => {
  // One that is mended leaves the list.
  test.each(KNOWN.map(({ example, ...known }) => [example, known] as const))(
    "is still so in %s",
    (example, { problem }) => {
      const line = readReplayLine(example);
      expect(line && runLine(line).problems.some((one) => problem.test(one))).toBe(true);
    },
  );
});

describe("a run", () => {
  test("goes the same way each time that it is played", () => {
    const line = { kind: "seed", seed: 7 } as const;
    const journal = () => runLine(line, true).journal.map((text) => text.replace(/[0-9a-f]{16}/g, "TOKEN"));
    expect(journal().length).toBeGreaterThan(100);
    expect(journal()).toEqual(journal());
  });

  test.each(["success", "seed 17", "link-cut~3 kill-before@12 lose-answer@30"])("is written down as %s", (text) => {
    const line = readReplayLine(text);
    expect(line && writeReplayLine(line)).toBe(text);
  });

  test.each(["", "seed", "seed x", "success kill@3", "success kill-before@", "Success"])(
    "is not written down as %p",
    (text) => {
      expect(readReplayLine(text)).toBeUndefined();
    },
  );
});

test("scenarios have names of their own", () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
});

import { describe, expect, test } from "bun:test";
import { createRun, findRuns, isOwnerGone, type ProcessFacts, procFacts } from "../../scripts/environment/run.ts";

const facts = (changes: Partial<ProcessFacts> = {}): ProcessFacts => ({
  boot: () => "ab12",
  pidNamespace: () => 4026531836,
  startTime: () => 777,
  ...changes,
});
const run = createRun("test", 4321, facts());

describe("isOwnerGone", () => {
  const cases: ReadonlyArray<readonly [string, ProcessFacts, boolean]> = [
    ["the process lives", facts(), false],
    ["the process is gone", facts({ startTime: () => undefined }), true],
    ["its number has gone to another process", facts({ startTime: () => 778 }), true],
    ["the machine has booted since", facts({ boot: () => "cd34" }), true],
    ["it ran in another pid namespace", facts({ pidNamespace: () => 4026532999, startTime: () => undefined }), false],
  ];
  test.each(cases)("%s", (_, present, expected) => {
    expect(isOwnerGone(run, present)).toBe(expected);
  });

  test("a text that is no run counts as alive", () => {
    expect(isOwnerGone("oz-test-what", facts())).toBe(false);
    expect(isOwnerGone(`${run}-agent`, facts({ startTime: () => undefined }))).toBe(false);
  });

  test("tells this process from one that has ended, on this machine", async () => {
    const child = Bun.spawn(["sleep", "60"], { stdin: "ignore" });
    const childRun = createRun("demo", child.pid);
    expect(isOwnerGone(createRun("demo"))).toBe(false);
    expect(isOwnerGone(childRun)).toBe(false);
    child.kill();
    await child.exited;
    expect(isOwnerGone(childRun)).toBe(true);
  });
});

test("findRuns finds each run once, whatever stands around it", () => {
  const other = createRun("demo", 99, facts());
  expect(findRuns(`["/${run}-worker","${run}-x","127.0.0.1:5000/${other}-agent:latest","oz-task-1"]`)).toEqual([
    run,
    other,
  ]);
});

test("the start time of a process whose name holds parentheses and spaces is read", () => {
  expect(procFacts.startTime(process.pid)).toBeGreaterThan(0);
  expect(procFacts.startTime(2 ** 30)).toBeUndefined();
});

import { describe, expect, test } from "bun:test";
import type { OzEvent } from "../support/oz-events.ts";
import { Journal } from "./journal.ts";
import { judge } from "./judge.ts";
import type { Plan } from "./plan.ts";

const plan: Plan = {
  seed: 0,
  calmMs: 0,
  faults: [],
  tasks: [{ taskId: "t", atMs: 0, redelivered: false, work: { kind: "exit", code: 3, afterMs: 0 } }],
};

/** A story in short: what Oz sent and received, in order, on link 1 unless told otherwise. */
function story(...steps: readonly string[]): OzEvent[] {
  return steps.map((step, index): OzEvent => {
    const [what = "", link = "1"] = step.split("@");
    const common = { atMs: index, link: Number(link), taskId: "t" };
    if (what === "sent") return { kind: "sent", type: "task_assignment", ...common };
    const data: Record<string, unknown> = what.startsWith("exit ")
      ? { failure_reason: "container_exit", exit_code: Number(what.slice(5)) }
      : what === "unknown"
        ? { failure_reason: "unknown" }
        : {};
    const type = what === "claimed" ? "task_claimed" : what === "completed" ? "task_completed" : "task_failed";
    return { kind: "received", number: index, type, data, text: what, executionId: "", ...common };
  });
}

describe("the judge", () => {
  const cases: readonly [string, readonly string[], "lost" | "doubled" | "wrong" | undefined][] = [
    ["one claim, one result", ["sent", "claimed", "exit 3"], undefined],
    ["sent again over a new link", ["sent", "claimed", "exit 3", "exit 3@2"], undefined],
    ["claimed again by an heir", ["sent", "claimed", "exit 3", "claimed@2", "exit 3@2"], undefined],
    ["a claim that crossed the result", ["sent", "claimed", "sent@2", "exit 3", "claimed@2"], undefined],
    [
      "claimed by a second worker that was handed nothing, with another result",
      ["sent", "claimed", "exit 3", "claimed@2", "completed@2"],
      "doubled",
    ],
    ["claimed on a link that was handed nothing", ["sent", "claimed", "exit 3", "claimed@2"], "lost"],
    ["never a word", ["sent"], "lost"],
    ["no result", ["sent", "claimed"], "lost"],
    ["claimed again, and nothing more", ["sent", "claimed", "exit 3", "claimed@2"], "lost"],
    ["two results on one link", ["sent", "claimed", "exit 3", "exit 3"], "doubled"],
    ["two different results", ["sent", "claimed", "exit 3", "claimed@2", "unknown@2"], "doubled"],
    ["the wrong code", ["sent", "claimed", "exit 4"], "wrong"],
    ["the wrong kind", ["sent", "claimed", "completed"], "wrong"],
    ["never claimed", ["sent", "exit 3"], "wrong"],
  ];
  test.each(cases)("%s", (_, steps, expected) => {
    const found = judge(plan, story(...steps), new Journal());
    for (const kind of ["lost", "doubled", "wrong"] as const) {
      if (kind === expected) expect(found[kind].length).toBeGreaterThan(0);
      else if (expected === undefined) expect(found[kind]).toEqual([]);
    }
  });

  test("a task that was handed to a second worker before its result came may be run again", () => {
    const runTwice = story("sent", "claimed", "sent@2", "exit 3", "claimed@2", "completed@2");
    expect(judge(plan, runTwice, new Journal()).doubled).toEqual([]);
  });

  test("a worker killed before that second run has begun may leave nobody who knows", () => {
    const journal = new Journal();
    journal.started("t", 0.5);
    journal.notes.push({ kind: "killed", atMs: 4.5 });
    const runTwice = story("sent", "claimed", "sent@2", "exit 3", "claimed@2", "unknown@2");
    expect(judge(plan, runTwice, journal).wrong).toEqual([]);
    expect(judge(plan, runTwice, new Journal()).wrong).toHaveLength(1);
  });

  test("of a daemon and a worker that are killed one after the other nobody knows the code any more", () => {
    const again = story("sent", "claimed", "exit 3", "claimed@2", "exit 255@2");
    expect(judge(plan, again, new Journal()).doubled).toHaveLength(1);
    const journal = new Journal();
    journal.notes.push({ kind: "daemon-killed", atMs: 2.2 });
    expect(judge(plan, again, journal).doubled).toHaveLength(1);
    journal.notes.push({ kind: "killed", atMs: 2.5 });
    expect(judge(plan, again, journal).doubled).toEqual([]);
  });

  test("a worker killed before the start may leave nobody who knows", () => {
    const journal = new Journal();
    journal.notes.push({ kind: "killed", atMs: 1 });
    expect(judge(plan, story("sent", "claimed", "unknown"), journal).wrong).toEqual([]);
    expect(judge(plan, story("sent", "claimed", "unknown"), new Journal()).wrong).toHaveLength(1);
  });

  test.each([
    ["just after its end it may be told as a success: the daemon has lost the code", 1_500, true],
    ["long after its end that is wrong", 5_000, false],
    ["before its end that is wrong", 500, false],
  ])("a task whose daemon was killed %s", (_, killedAtMs, isPossible) => {
    const journal = new Journal();
    journal.started("t", 0);
    journal.notes.push({ kind: "daemon-killed", atMs: killedAtMs });
    const lasting: Plan = {
      ...plan,
      tasks: [{ taskId: "t", atMs: 0, redelivered: false, work: { kind: "exit", code: 3, afterMs: 1_000 } }],
    };
    const told = story("sent", "claimed", "completed").map((event) =>
      event.kind === "received" ? { ...event, atMs: 10_000 } : event,
    );
    expect(judge(lasting, told, journal).wrong).toHaveLength(isPossible ? 0 : 1);
  });
});

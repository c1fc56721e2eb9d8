import { ENDLESS, EVERYTHING, exits, OUT_OF_MEMORY, STUBBORN, scenario, task } from "./building-blocks.ts";
import type { Scenario } from "./scenario.ts";

const twice = [task(), task({ executionId: "second", atMs: 4_000, work: exits(4) })];

/** What tasks do, and what Oz asks for. */
export const TASK_SCENARIOS: readonly Scenario[] = [
  scenario("success", { points: EVERYTHING }),
  scenario("failure", { tasks: [task({ work: exits(3) })] }),
  scenario("out-of-memory", { tasks: [task({ work: OUT_OF_MEMORY })] }),
  scenario("missing-image", { tasks: [task({ image: "registry.sim/team/missing:latest" })] }),
  scenario("silent-registry", {
    disturb: ({ engine }) => {
      for (const entry of engine.state.registry.values()) entry.mood = "silent";
    },
    points: ["kill-before", "cancel", "shutdown"],
  }),
  scenario("breaking-registry", {
    disturb: ({ engine }) => {
      for (const entry of engine.state.registry.values()) entry.mood = "breaks";
    },
    points: ["kill-before", "cancel"],
  }),
  scenario("endless-cancelled", {
    tasks: [task({ work: ENDLESS })],
    disturb: (world) => world.at(3_000, () => world.incidents.cancelAll()),
  }),
  scenario("stubborn-cancelled", {
    tasks: [task({ work: STUBBORN })],
    disturb: (world) => world.at(3_000, () => world.incidents.cancelAll()),
  }),
  scenario("follow-up", { tasks: twice }),
  scenario("five-at-once", {
    tasks: [0, 1, 2, 3, 4].map((index) => task({ taskId: `task-${index}`, atMs: 100 + index, work: exits(index) })),
    points: ["kill-before", "kill-after"],
  }),
  scenario("one-at-a-time", {
    tasks: [task(), task({ taskId: "other", atMs: 200, work: exits(5) })],
    maxConcurrentTasks: 1,
    points: ["kill-before", "link-cut", "redeliver"],
  }),
  scenario("kept-containers", { cleanup: false, points: ["kill-before", "kill-after", "lose-answer"] }),
  scenario("without-execution-id", { tasks: [task({ executionId: "" })], points: ["kill-before", "kill-after"] }),
  scenario("redelivered-while-it-runs", {
    tasks: [task({ work: exits(0, 4_000) })],
    disturb: (world) => world.at(3_000, () => world.incidents.redeliverAll()),
    points: ["kill-before", "link-cut"],
  }),
];

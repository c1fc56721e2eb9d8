import { recordNames } from "../../../src/docker/records/object-names.ts";
import { WORKER_ID } from "../world/stock.ts";
import { ENDLESS, exits, OUT_OF_MEMORY, STUBBORN, scenario, task } from "./building-blocks.ts";
import type { Scenario } from "./scenario.ts";

const HOUR_MS = 3_600_000;
const TWO_MINUTES_MS = 120_000;

const five = [0, 1, 2, 3, 4].map((index) =>
  task({ taskId: `task-${index}`, atMs: 100 + index, work: exits(index, 4_000 + 2_000 * index) }),
);

/** Workers that end, and those who come behind them. */
export const DEATH_SCENARIOS: readonly Scenario[] = [
  scenario("two-workers", {
    workers: 2,
    tasks: [task(), task({ taskId: "other", atMs: 110, work: exits(8) })],
    points: ["kill-before", "kill-after", "link-cut", "redeliver", "shutdown"],
  }),
  scenario("two-workers-one-assignment", {
    workers: 2,
    disturb: (world) => world.at(101, () => world.incidents.redeliverAll()),
    points: ["kill-before", "kill-after", "lose-answer", "engine-killed"],
  }),
  scenario("two-workers-at-an-unlabelled-claim", {
    workers: 2,
    disturb: (world) => {
      const claim = recordNames.claim(WORKER_ID, { taskId: "task", executionId: "first" });
      world.at(50, () => world.engine.state.addVolume(claim, {}));
      world.at(101, () => world.incidents.redeliverAll());
    },
    points: [],
  }),
  scenario("takeover-of-five", {
    tasks: five,
    disturb: (world) => world.at(3_000, () => world.incidents.kill(world.workers[0]?.process)),
    points: ["kill-before", "kill-after", "lose-answer"],
  }),
  scenario("takeover-by-two", {
    tasks: five.slice(0, 2),
    workers: 3,
    disturb: (world) => world.at(3_000, () => world.incidents.kill(world.workers[0]?.process)),
    points: ["kill-before", "kill-after"],
  }),
  scenario("killed-twice", {
    disturb: (world) => {
      world.at(1_000, () => world.incidents.kill(world.workers[0]?.process));
      world.at(3_200, () => world.incidents.kill(world.workers[0]?.process));
    },
    points: ["kill-before", "engine-away"],
  }),
  scenario("killed-as-memory-runs-out", {
    tasks: [task({ work: OUT_OF_MEMORY })],
    disturb: (world) => world.incidents.onEndOfTask(() => world.incidents.kill(world.workers[0]?.process, 10)),
    points: [],
  }),
  scenario("killed-in-a-namespace-of-its-own", {
    tasks: [task({ work: exits(4, 20_000), isRedelivered: false })],
    hasNamespaces: true,
    disturb: (world) => {
      world.at(5_000, () => world.incidents.kill(world.workers[0]?.process));
      world.at(5_000 + TWO_MINUTES_MS, () => world.incidents.allEndWithin(5_000));
    },
    // The daemon must answer all the while.
    points: [],
  }),
  scenario("killed-twice-in-namespaces", {
    tasks: [task({ work: exits(4, 20_000), isRedelivered: false })],
    hasNamespaces: true,
    disturb: (world) => world.at(5_000, () => world.incidents.kill(world.workers[0]?.process)),
    points: ["kill-before", "kill-after"],
  }),
  scenario("suspended-beside-another-namespace", {
    tasks: [
      task({ work: exits(4, 20_000), isRedelivered: false }),
      task({ taskId: "other", atMs: 150, work: exits(0, 400_000) }),
    ],
    hasNamespaces: true,
    workers: 2,
    disturb: (world) => world.at(5_000, () => world.incidents.suspend(world.workers[0]?.process)),
    points: ["suspend", "engine-away", "link-cut", "cancel", "shutdown"],
  }),
  scenario("two-namespaces-for-hours", {
    tasks: [task({ work: exits(4, 3 * HOUR_MS) }), task({ taskId: "other", atMs: 150, work: exits(5, 2 * HOUR_MS) })],
    hasNamespaces: true,
    workers: 2,
    points: [],
  }),
  scenario("full-disk-between-namespaces", {
    tasks: [task({ work: exits(4, 60_000) }), task({ taskId: "other", atMs: 150, work: exits(5, 500_000) })],
    hasNamespaces: true,
    workers: 2,
    disturb: (world) => {
      world.at(5_000, () => world.incidents.diskFull(300_000));
    },
    points: ["kill-before", "redeliver"],
  }),
  scenario("volumes-pruned-and-killed", {
    isWarm: false,
    tasks: [task({ isRedelivered: false })],
    restMs: 600_000,
    disturb: (world) => {
      world.at(300, () => world.incidents.pruneVolumes());
      world.at(400, () => world.incidents.kill(world.workers[0]?.process));
    },
    points: [],
  }),
  scenario("shutdown-while-it-runs", {
    tasks: [task({ work: ENDLESS })],
    disturb: (world) => world.at(3_000, () => world.incidents.shutDown(world.workers[0]?.process)),
    points: ["kill-before", "kill-after", "lose-answer", "engine-away", "link-cut"],
  }),
  scenario("detached-while-it-runs", {
    tasks: [task({ work: exits(7, 20_000) }), task({ taskId: "other", atMs: 150, work: exits(0, 2_000) })],
    disturb: (world) => world.at(1_900, () => world.incidents.end(world.workers[0]?.process, "detach")),
    points: ["kill-before", "kill-after", "lose-answer", "engine-away", "link-cut", "cancel", "redeliver"],
  }),
  scenario("detached-while-it-is-claimed", {
    isWarm: false,
    tasks: [task({ work: exits(7, 20_000) })],
    disturb: (world) => world.at(110, () => world.incidents.end(world.workers[0]?.process, "detach")),
    points: ["kill-before", "kill-after", "lose-answer", "link-cut", "cancel"],
  }),
  scenario("one-of-two-is-detached", {
    workers: 2,
    tasks: five,
    disturb: (world) => world.at(3_000, () => world.incidents.end(world.workers[0]?.process, "detach")),
    points: ["kill-before", "redeliver"],
  }),
  scenario("drained", {
    tasks: [task({ work: exits(7, 20_000) }), task({ taskId: "other", atMs: 3_500, work: exits(0, 2_000) })],
    disturb: (world) => world.at(3_000, () => world.incidents.end(world.workers[0]?.process, "drain")),
    points: ["kill-before", "lose-answer", "engine-away", "link-cut", "cancel", "detach", "shutdown"],
  }),
  scenario("drained-too-long", {
    life: { drainTimeoutMs: 5_000 },
    tasks: [task({ work: ENDLESS })],
    disturb: (world) =>
      world.at(3_000, () => {
        world.incidents.seen.isShutDown = true;
        world.incidents.end(world.workers[0]?.process, "drain");
      }),
    points: ["kill-before", "link-cut"],
  }),
  scenario("shutdown-while-the-engine-is-away", {
    tasks: [task({ work: STUBBORN })],
    disturb: (world) => {
      world.at(3_000, () => world.incidents.shutDown(world.workers[0]?.process));
      world.at(3_500, () => world.incidents.engineAway("go-on", 30_000));
    },
    points: ["kill-before", "link-cut"],
  }),
  scenario("shutdown-of-a-stubborn-task", {
    tasks: [task({ work: STUBBORN })],
    disturb: (world) => world.at(3_000, () => world.incidents.shutDown(world.workers[0]?.process)),
    points: ["kill-before", "link-cut"],
  }),
  scenario("cancelled-early-and-killed", {
    tasks: [task({ work: { ...STUBBORN, afterMs: HOUR_MS }, isRedelivered: false })],
    disturb: (world) => {
      world.at(4_000, () => world.incidents.kill(world.workers[0]?.process));
      // The sweep comes each five minutes.
      world.at(400_000, () => {
        world.incidents.nothingEndedRuns();
        world.incidents.cancelAll();
      });
    },
    points: ["cancel"],
  }),
  scenario("cancelled-and-killed", {
    tasks: [task({ work: STUBBORN })],
    disturb: (world) => {
      world.at(3_000, () => world.incidents.cancelAll());
      world.at(4_000, () => world.incidents.kill(world.workers[0]?.process));
    },
    points: ["kill-before", "lose-answer"],
  }),
];

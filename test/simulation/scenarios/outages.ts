import { ENDLESS, exits, scenario, task } from "./building-blocks.ts";
import type { Scenario } from "./scenario.ts";

const long = [task({ work: exits(0, 20_000) })];
const HOUR_MS = 3_600_000;

/** Engines, disks, networks and calendars that do not do as they should. */
export const OUTAGE_SCENARIOS: readonly Scenario[] = [
  scenario("engine-restart-under-a-task", {
    tasks: long,
    disturb: (world) => world.at(5_000, () => world.incidents.engineAway("stop")),
    points: ["kill-before", "kill-after", "engine-killed"],
  }),
  scenario("engine-killed-under-a-task", {
    tasks: long,
    disturb: (world) => world.at(5_000, () => world.incidents.engineAway("kill")),
    points: ["kill-before"],
  }),
  scenario("engine-that-loses-labels", {
    tasks: [task({ work: exits(7, 20_000) })],
    workers: 2,
    disturb: (world) =>
      world.at(5_000, () => {
        world.incidents.engineAway("go-on", 4_000, { losesLabels: true });
        world.in(4_100, () => world.incidents.redeliverAll());
      }),
    points: ["kill-before", "redeliver"],
  }),
  scenario("engine-away-for-ten-minutes", {
    tasks: [task({ work: exits(6, 20_000) })],
    disturb: (world) => world.at(5_000, () => world.incidents.engineAway("go-on", 600_000)),
    points: ["kill-before", "cancel", "shutdown"],
  }),
  scenario("other-api-range", {
    tasks: long,
    disturb: (world) => world.at(5_000, () => world.incidents.engineAway("go-on", 4_000, { oldestApi: 44 })),
    points: ["kill-before", "cancel", "shutdown"],
  }),
  scenario("full-disk-while-a-task-runs", {
    tasks: [task({ work: exits(9, 20_000) })],
    disturb: (world) => world.at(5_000, () => world.incidents.diskFull(300_000)),
    // A minute behind the moment at which the disk has room again, and the looks of every half minute.
    restMs: 120_000,
    points: ["kill-before"],
  }),
  scenario("link-cut", {
    tasks: long,
    disturb: (world) => world.at(5_000, () => world.oz.cut()),
    points: ["kill-before", "kill-after", "redeliver"],
  }),
  scenario("link-frozen", {
    tasks: long,
    disturb: (world) => {
      world.at(5_000, () => world.oz.freeze());
      world.at(200_000, () => world.oz.thaw());
    },
    points: ["kill-before", "shutdown"],
  }),
  scenario("link-refused", {
    tasks: long,
    disturb: (world) => {
      world.at(5_000, () => {
        world.oz.mood = "refuses";
        world.oz.cut();
      });
      world.at(300_000, () => {
        world.oz.mood = "accepts";
      });
    },
    points: ["kill-before", "kill-after"],
  }),
  scenario("link-refused-for-hours", {
    disturb: (world) => {
      world.oz.mood = "refuses";
      world.at(7_200_000, () => {
        world.oz.mood = "accepts";
      });
    },
    points: [],
  }),
  scenario("suspended-for-five-minutes", {
    tasks: long,
    workers: 2,
    disturb: (world) => world.at(5_000, () => world.incidents.suspend(world.workers[0]?.process)),
    points: ["kill-before"],
  }),
  scenario("woken-with-an-old-assignment", {
    disturb: (world) => {
      world.at(80, () => {
        world.incidents.suspend(world.workers[0]?.process);
        world.startWorker();
      });
    },
    points: [],
  }),
  scenario("calendar-hours-ahead", {
    tasks: long,
    disturb: (world) => world.at(5_000, () => world.incidents.setCalendar(5 * HOUR_MS)),
    points: ["kill-before", "kill-after"],
  }),
  scenario("calendar-hours-ahead-in-a-copy", {
    isWarm: false,
    disturb: (world) => {
      world.at(800, () => world.incidents.setCalendar(5 * HOUR_MS));
      world.at(810, () => world.startWorker());
    },
    points: [],
  }),
  scenario("calendar-hours-back", {
    tasks: long,
    disturb: (world) => world.at(5_000, () => world.incidents.setCalendar(-5 * HOUR_MS)),
    points: ["kill-before", "kill-after"],
  }),
  scenario("removed-by-hand", {
    tasks: [task({ work: ENDLESS })],
    disturb: (world) => world.at(5_000, () => world.incidents.removeTasks()),
    points: ["kill-before"],
  }),
];

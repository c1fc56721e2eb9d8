import { ENDLESS, scenario, task, USUAL } from "./building-blocks.ts";
import type { Scenario } from "./scenario.ts";

/** How sidecars come into a container. */
export const SIDECAR_SCENARIOS: readonly Scenario[] = [
  scenario("cold-sidecar", { isWarm: false, points: [...USUAL, "cancel", "shutdown", "engine-restart", "prune"] }),
  scenario("cold-sidecar-by-archive", {
    isWarm: false,
    disturb: ({ engine }) => {
      engine.copies.byEngine = false;
    },
  }),
  scenario("cold-sidecar-of-two-workers", {
    isWarm: false,
    workers: 2,
    tasks: [task(), task({ taskId: "other", atMs: 101 })],
    points: ["kill-before", "kill-after"],
  }),
  scenario("read-write-sidecar", { tasks: [task({ hasReadWrite: true })], points: [...USUAL, "cancel", "shutdown"] }),
  scenario("mounted-images", { mountsImages: true, points: [...USUAL, "engine-restart", "cancel"] }),
  scenario("newer-sidecar", {
    disturb: (world) => world.at(50, () => world.incidents.publishNewerAgent()),
    points: ["kill-before", "kill-after", "lose-answer"],
  }),
  scenario("cancelled-read-write", {
    isWarm: false,
    tasks: [task({ hasReadWrite: true, work: ENDLESS })],
    disturb: (world) => world.at(900, () => world.incidents.cancelAll()),
    points: ["kill-before", "lose-answer"],
  }),
];

import type { Work } from "../engine/sim-objects.ts";
import { POINT_KINDS, type PointKind } from "../world/effects.ts";
import { TASK_IMAGE } from "../world/stock.ts";
import type { Scenario, SimTask } from "./scenario.ts";

/** What a living worker has failed to remove goes by its age, of two hours, after a calendar that may be three hours late. */
const REST_MS = 6 * 3_600_000;

/** What may always go wrong. */
export const USUAL: readonly PointKind[] = ["kill-before", "kill-after", "lose-answer", "engine-away", "link-cut"];
/** All that may go wrong at one effect. */
export const EVERYTHING: readonly PointKind[] = POINT_KINDS;

const OBEYS = { exitCode: 143, afterMs: 300 };

/** Ends by itself, and obeys before that. */
export function exits(exitCode: number, afterMs = 1_000): Work {
  return { exitCode, afterMs, onTerm: OBEYS };
}

/** Longer than anybody in a scenario waits: but when nobody is left who would stop it, it ends. */
const VERY_LONG_MS = 300_000;
/** Goes on until it is stopped. */
export const ENDLESS: Work = { exitCode: 0, afterMs: VERY_LONG_MS, onTerm: OBEYS };
/** Goes on until it is killed. */
export const STUBBORN: Work = { exitCode: 0, afterMs: VERY_LONG_MS };
export const OUT_OF_MEMORY: Work = { exitCode: 137, afterMs: 500, oom: true };

/** A task that a scenario says no more about than it must. */
export function task(parts: Partial<SimTask> = {}): SimTask {
  return {
    taskId: "task",
    executionId: "first",
    atMs: 100,
    work: exits(0),
    image: TASK_IMAGE,
    hasReadWrite: false,
    isRedelivered: true,
    ...parts,
  };
}

/** A scenario of one worker and one task, unless it says otherwise. */
export function scenario(name: string, parts: Partial<Omit<Scenario, "name">> = {}): Scenario {
  return {
    name,
    tasks: [task()],
    workers: 1,
    isWarm: true,
    hasNamespaces: false,
    mountsImages: false,
    cleanup: true,
    life: {},
    maxConcurrentTasks: 0,
    points: USUAL,
    restMs: REST_MS,
    disturb: () => {},
    ...parts,
  };
}

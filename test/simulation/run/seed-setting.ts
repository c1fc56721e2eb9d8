import { createRandom, type Random } from "../../chaos/random.ts";
import type { DownMode } from "../engine/engine-model.ts";
import type { Work } from "../engine/sim-objects.ts";
import { ENDLESS, exits, OUT_OF_MEMORY, STUBBORN, scenario, task } from "../scenarios/building-blocks.ts";
import type { Setting, SimTask } from "../scenarios/scenario.ts";
import { TASK_IMAGE } from "../world/stock.ts";
import type { World } from "../world/world.ts";

const BUSY_MS = 20_000;
const MAX_TASKS = 4;
const MAX_WORKERS = 3;
const HOUR_MS = 3_600_000;
const MAX_INCIDENTS = 5;

type Incident = (world: World) => void;

/** What a seed stands for: tasks, workers, and what happens to them; the same at any time. */
export function settingOf(seed: number): Setting {
  const random = createRandom(seed);
  const tasks = Array.from({ length: random.between(1, MAX_TASKS) }, (_, index) => anyTask(random, index));
  const incidents = Array.from({ length: random.between(1, MAX_INCIDENTS) }, () => ({
    atMs: random.between(10, BUSY_MS),
    incident: anyIncident(random),
  }));
  return scenario(`seed ${seed}`, {
    tasks: random.chance(0.2) ? [...tasks, followUp(random, tasks)] : tasks,
    workers: random.between(1, MAX_WORKERS),
    isWarm: random.chance(0.6),
    mountsImages: random.chance(0.2),
    maxConcurrentTasks: random.chance(0.2) ? 1 : 0,
    disturb(world) {
      for (const { atMs, incident } of incidents) world.at(atMs, () => incident(world));
      // Nothing goes on for ever.
      world.at(2 * BUSY_MS, () => world.incidents.cancelAll());
    },
  });
}

function anyTask(random: Random, index: number): SimTask {
  return task({
    taskId: `task-${index}`,
    executionId: random.chance(0.1) ? "" : `execution-${index}`,
    atMs: random.between(50, BUSY_MS / 2),
    work: anyWork(random),
    image: random.chance(0.07) ? "registry.sim/team/missing:latest" : TASK_IMAGE,
    hasReadWrite: random.chance(0.2),
    isRedelivered: random.chance(0.5),
  });
}

function followUp(random: Random, tasks: readonly SimTask[]): SimTask {
  const taskId = tasks[0]?.taskId ?? "task";
  return { ...anyTask(random, 0), taskId, executionId: "follow-up" };
}

function anyWork(random: Random): Work {
  return random.pick([
    exits(0, random.between(0, 2_000)),
    exits(random.between(1, 120), random.between(0, 2_000)),
    exits(random.pick([0, 7]), random.between(5_000, 30_000)),
    OUT_OF_MEMORY,
    ENDLESS,
    STUBBORN,
  ]);
}

function anyIncident(random: Random): Incident {
  const which = random.between(0, MAX_WORKERS - 1);
  const briefMs = random.between(100, 5_000);
  const mode = random.pick<DownMode>(["go-on", "stop", "kill"]);
  const losesLabels = random.chance(0.5);
  const victim = (world: World) => world.workers[which % Math.max(1, world.workers.length)]?.process;
  return random.pick<Incident>([
    (world) => world.incidents.kill(victim(world), briefMs),
    (world) => world.incidents.kill(victim(world), briefMs),
    (world) => world.incidents.shutDown(victim(world), briefMs),
    (world) => world.incidents.end(victim(world), "detach", briefMs),
    (world) => world.incidents.end(victim(world), "drain", briefMs),
    (world) => world.startWorker(),
    (world) => world.oz.cut(),
    (world) => freeze(world, 10 * briefMs),
    (world) => refuse(world, 10 * briefMs),
    (world) => world.incidents.engineAway(mode, briefMs, { losesLabels }),
    (world) => world.incidents.suspend(victim(world), 20 * briefMs),
    (world) => world.incidents.cancelAll(),
    (world) => world.incidents.redeliverAll(),
    (world) => world.incidents.publishNewerAgent(),
    (world) => world.incidents.prune(),
    (world) => world.incidents.removeTasks(),
    (world) => world.incidents.setCalendar((which - 1) * 3 * HOUR_MS),
  ]);
}

function freeze(world: World, forMs: number): void {
  world.oz.freeze();
  world.in(forMs, () => world.oz.thaw());
}

function refuse(world: World, forMs: number): void {
  world.oz.mood = "refuses";
  world.oz.cut();
  world.in(forMs, () => {
    world.oz.mood = "accepts";
  });
}

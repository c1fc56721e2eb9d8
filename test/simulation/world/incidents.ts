import { LABELS } from "../../../src/docker/records/labels.ts";
import type { Ending } from "../../../src/worker/life-cycle.ts";
import type { DownMode, EngineModel } from "../engine/engine-model.ts";
import type { SimContainer } from "../engine/sim-objects.ts";
import { leftovers } from "../judge/at-rest.ts";
import type { PointKind } from "./effects.ts";
import type { SimProcess } from "./sim-process.ts";
import { AGENT_IMAGE, NEWER_AGENT_IMAGE_ID } from "./stock.ts";
import type { World } from "./world.ts";

const RESTART_MS = 2_000;
const ENGINE_AWAY_MS = 4_000;
const LOOK_EVERY_MS = 5;
const SUSPENDED_MS = 300_000;

/** What may happen to a world, and what has happened to it. Times are milliseconds from now. */
export class Incidents {
  readonly seen = {
    isShutDown: false,
    isDetached: false,
    isKilled: false,
    isEngineAway: false,
    isPruned: false,
    isDiskFull: false,
  };
  readonly #world: World;
  readonly #ending = new Set<SimProcess>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Kills a worker; another one is started in its place. */
  kill(process: SimProcess | undefined, backAfterMs = RESTART_MS): void {
    if (process?.isAlive !== true) return;
    this.seen.isKilled = true;
    this.#note(`worker ${process.pid} is killed`);
    // Behind one that was about to end somebody comes anyway.
    const isExpected = this.#ending.has(process);
    process.end();
    if (!isExpected) this.#world.in(backAfterMs, () => this.#world.startWorker());
  }

  /** Ends a worker in order; another one is started when it has ended. */
  shutDown(process: SimProcess | undefined, backAfterMs = RESTART_MS): void {
    this.end(process, "stop", backAfterMs);
  }

  /** The same in one of the ways in which a worker ends. */
  end(process: SimProcess | undefined, how: Ending, backAfterMs = RESTART_MS): void {
    const world = this.#world;
    const worker = world.workers.find((one) => one.process === process);
    if (worker === undefined) return;
    this.#note(`worker ${worker.process.pid} is to ${how}`);
    if (how === "stop") this.seen.isShutDown = true;
    if (how === "detach") this.seen.isDetached = true;
    if (this.#ending.has(worker.process)) {
      worker.end(how);
      return;
    }
    this.#ending.add(worker.process);
    const done = world.busy();
    worker.process.onEnd(() => {
      done();
      world.in(backAfterMs, () => world.startWorker());
    });
    worker.end(how);
  }

  suspend(process: SimProcess | undefined, forMs = SUSPENDED_MS): void {
    if (process?.isAlive !== true) return;
    this.#note(`worker ${process.pid} is suspended`);
    process.suspend();
    // Others may take it for dead where they cannot see it.
    if (this.#world.setting.hasNamespaces) this.seen.isKilled = true;
    this.#world.in(forMs, () => {
      this.#note(`worker ${process.pid} goes on`);
      process.resume();
    });
  }

  /** The engine goes away, and comes back. */
  engineAway(
    mode: DownMode = "go-on",
    forMs = ENGINE_AWAY_MS,
    back: Parameters<EngineModel["comeBack"]>[0] = {},
  ): void {
    const { engine } = this.#world;
    if (engine.isAway) return;
    this.seen.isEngineAway = true;
    this.#note(`the engine goes away (${mode})`);
    engine.goAway(mode);
    this.#world.in(forMs, () => {
      this.#note("the engine is back");
      engine.comeBack(back);
    });
  }

  diskFull(forMs: number): void {
    const { state } = this.#world.engine;
    this.seen.isDiskFull = true;
    this.#note("the disk is full");
    state.isDiskFull = true;
    this.#world.in(forMs, () => {
      this.#note("the disk has room again");
      state.isDiskFull = false;
    });
  }

  /** Sets the host's calendar ahead, or back, by so much. */
  setCalendar(byMs: number): void {
    this.#note(`the calendar is set by ${byMs / 3_600_000} h`);
    this.#world.clock.stepEpoch(byMs);
  }

  /** The registry has another sidecar under the same name. */
  publishNewerAgent(): void {
    const entry = this.#world.engine.state.registry.get(AGENT_IMAGE);
    if (entry !== undefined) entry.imageId = NEWER_AGENT_IMAGE_ID;
  }

  /** An operator removes all containers that do not run. */
  prune(): void {
    this.#note("an operator prunes containers");
    this.#removeByHand(({ status }) => status !== "running");
  }

  /** An operator removes the containers of tasks, those that run too. */
  removeTasks(): void {
    this.#note("an operator removes the containers of tasks");
    this.#removeByHand(({ labels }) => labels[LABELS.kind] === "task");
  }

  /** An operator removes all volumes that no container uses, those with names too (`docker volume prune` of 20.10). */
  pruneVolumes(): void {
    this.#note("an operator prunes volumes");
    this.seen.isPruned = true;
    const { state } = this.#world.engine;
    for (const name of state.volumes.keys()) if (state.usersOf(name).length === 0) state.volumes.delete(name);
  }

  cancelAll(): void {
    const { oz } = this.#world;
    for (const execution of oz.executions.unfinished()) oz.cancel(execution);
  }

  redeliverAll(): void {
    const { oz } = this.#world;
    for (const execution of oz.executions.unfinished()) oz.redeliver(execution);
  }

  /** Does something just behind the end of the first task's container. */
  onEndOfTask(action: () => void): void {
    const world = this.#world;
    const hasEnded = world.books.all().some(({ allRuns }) => allRuns[0]?.end !== undefined);
    world.in(LOOK_EVERY_MS, hasEnded ? action : () => this.onEndOfTask(action));
  }

  /** Whatever has no end by then is a problem. */
  allEndWithin(ms: number): void {
    const world = this.#world;
    world.in(ms, () => {
      for (const { taskId } of world.oz.executions.unfinished())
        world.report(`${taskId} has no end after ${ms / 1_000} s`);
    });
  }

  /** Whoever lives: nothing of any task may be there now. */
  nothingIsLeft(): void {
    const world = this.#world;
    for (const left of leftovers(world.engine.state, world.lives))
      world.report(`left after ${world.clock.now() / 1_000} s: ${left}`);
  }

  /** Nothing may run now of a task whose end was told. */
  nothingEndedRuns(): void {
    const world = this.#world;
    const open = new Set([...world.oz.executions.unfinished()].map(({ taskId }) => taskId));
    for (const { labels, status, name } of world.engine.state.containers.values()) {
      const taskId = labels[LABELS.taskId];
      if (status === "running" && taskId !== undefined && !open.has(taskId))
        world.report(`runs after ${world.clock.now() / 1_000} s although its end was told: ${name}`);
    }
  }

  /** What is to go wrong at an effect of a process. */
  bring(kind: PointKind, process: SimProcess): void {
    const bringing: Readonly<Record<PointKind, () => void>> = {
      "kill-before": () => this.kill(process),
      "kill-after": () => this.kill(process),
      "lose-answer": () => {},
      "engine-away": () => this.engineAway("go-on"),
      "engine-restart": () => this.engineAway("stop", ENGINE_AWAY_MS, { losesLabels: true }),
      "engine-killed": () => this.engineAway("kill"),
      "link-cut": () => this.#world.oz.cut(process),
      cancel: () => this.cancelAll(),
      shutdown: () => this.shutDown(process),
      detach: () => this.end(process, "detach"),
      drain: () => this.end(process, "drain"),
      suspend: () => (this.seen.isShutDown ? undefined : this.suspend(process)),
      redeliver: () => this.redeliverAll(),
      // Behind the last worker nobody sweeps any more, and nobody waits for one that ends.
      prune: () => (this.seen.isShutDown ? undefined : this.prune()),
    };
    bringing[kind]();
  }

  #removeByHand(isMeant: (container: SimContainer) => boolean): void {
    this.seen.isPruned = true;
    const { state, life } = this.#world.engine;
    for (const container of state.containers.values()) {
      if (!isMeant(container)) continue;
      if (container.status === "running") life.kill(container, "removed");
      state.containers.delete(container.id);
      state.names.delete(container.name);
    }
  }

  #note(line: string): void {
    this.#world.journal.note(line);
  }
}

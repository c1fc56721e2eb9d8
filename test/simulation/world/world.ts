import type { Wire } from "../../../src/control-plane/wire.ts";
import type { Engine } from "../../../src/docker/engine/engine.ts";
import type { Owner } from "../../../src/host/owner.ts";
import type { Clock } from "../../../src/support/clock.ts";
import { createRandom, type Random } from "../../chaos/random.ts";
import { EngineModel } from "../engine/engine-model.ts";
import { tagImage } from "../engine/image-calls.ts";
import { isClean, leftovers } from "../judge/at-rest.ts";
import { Books } from "../judge/books.ts";
import { EngineJudge } from "../judge/engine-judge.ts";
import { OzJudge } from "../judge/oz-judge.ts";
import type { Disturbances } from "../judge/verdict.ts";
import { OzModel } from "../oz/oz-model.ts";
import type { Setting } from "../scenarios/scenario.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { Effects, type FaultPoint } from "./effects.ts";
import { Incidents } from "./incidents.ts";
import { Journal } from "./journal.ts";
import { SimProcessTable } from "./process-table.ts";
import {
  AGENT_IMAGE,
  AGENT_IMAGE_ID,
  NEWER_AGENT_IMAGE_ID,
  publishSidecar,
  TASK_IMAGE,
  TASK_IMAGE_ID,
  toExecution,
  WORKER_ID,
} from "./stock.ts";
import { SimWorker } from "./worker.ts";

const RESTART_MS = 2_000;
const SETTLED_MS = 1_000;
const ENDED_LIMIT_MS = 30_000;

/** What a run was made of. */
export interface WorldOptions {
  readonly seed: number;
  readonly points: readonly FaultPoint[];
  readonly isJournalKept: boolean;
  /** Makes workers go wrong on purpose, to see that it is found. */
  readonly sabotage?: Sabotage;
}

/** What stands between a worker and its ports. */
export interface Sabotage {
  readonly engine?: (engine: Engine, pid: number) => Engine;
  readonly wire?: (wire: Wire, clock: Clock) => Wire;
  readonly clock?: (clock: Clock) => Clock;
}

/** One engine, one Oz and some workers, from the beginning to rest. */
export class World {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly problems: string[] = [];
  readonly journal: Journal;
  readonly processes: SimProcessTable;
  readonly engine: EngineModel;
  readonly oz: OzModel;
  readonly effects: Effects;
  readonly books = new Books();
  readonly setting: Setting;
  readonly sabotage: Sabotage;
  readonly incidents = new Incidents(this);
  readonly #workers: SimWorker[] = [];
  #comingBack = 0;
  #endsAt = 0;

  constructor(setting: Setting, { seed, points, isJournalKept, sabotage = {} }: WorldOptions) {
    this.setting = setting;
    this.sabotage = sabotage;
    this.random = createRandom(seed);
    this.journal = new Journal(this.clock, isJournalKept);
    this.processes = new SimProcessTable(this.clock, setting.hasNamespaces);
    const { clock, random, books } = this;
    const report = (problem: string) => this.report(problem);
    this.effects = new Effects(points, (kind, process) => this.incidents.bring(kind, process), this.journal);
    const judge = new EngineJudge(books, this.processes, report);
    const workOf = (taskId: string, executionId: string) => {
      const task = setting.tasks.find((one) => one.taskId === taskId && one.executionId === executionId);
      if (task === undefined) throw new Error(`there is no work for ${taskId} ${executionId}`);
      return task.work;
    };
    this.engine = new EngineModel({ clock, random, workOf, observer: judge });
    judge.watch(this.engine.state);
    this.oz = new OzModel({
      clock,
      random,
      workerId: WORKER_ID,
      effects: this.effects,
      observer: new OzJudge({
        books,
        journal: this.journal,
        disturbances: (taskId, executionId) => this.#disturbances(taskId, executionId),
        report,
      }),
    });
    this.#stock();
  }

  /** The workers that are there, in the order of their starts. */
  get workers(): readonly SimWorker[] {
    return this.#workers.filter(({ process }) => process.isAlive);
  }

  report(problem: string): void {
    this.problems.push(problem);
    this.journal.note(`!!! ${problem}`);
  }

  /** Does something at a time; rest does not come before. */
  at(ms: number, action: () => void): void {
    this.#endsAt = Math.max(this.#endsAt, ms + this.setting.restMs);
    const done = this.busy();
    this.clock.after(ms - this.clock.now(), () => {
      done();
      action();
    });
  }

  in(ms: number, action: () => void): void {
    this.at(this.clock.now() + ms, action);
  }

  /** Something is going on: rest does not come before the answer is called. */
  busy(): () => void {
    this.#comingBack += 1;
    return () => {
      this.#comingBack -= 1;
    };
  }

  startWorker(): void {
    if (this.engine.isAway) {
      // It ends with a line that says so, and a service manager starts it again.
      this.in(RESTART_MS, () => this.startWorker());
      return;
    }
    const worker = new SimWorker(this);
    this.#workers.push(worker);
    this.journal.note(`worker ${worker.process.pid} is started`);
  }

  /** Lets everything happen until it is at rest, and ends the workers. Answers how long that was, in milliseconds. */
  run(): number {
    for (const task of this.setting.tasks) {
      const execution = toExecution(task);
      this.oz.executions.add(execution);
      this.at(task.atMs, () => this.oz.begin(execution));
    }
    for (let count = 0; count < this.setting.workers; count += 1) this.startWorker();
    this.setting.disturb(this);
    // Somebody may be about to do something: it is rest when it lasts.
    do {
      this.clock.run(() => this.#isAtRest(), this.#endsAt);
      this.clock.run(() => false, this.clock.now() + SETTLED_MS);
    } while (!this.#isAtRest() && this.clock.now() < this.#endsAt);
    this.#judgeRest();
    this.incidents.seen.isShutDown = true;
    for (const worker of this.workers) worker.end("stop");
    this.clock.run(() => this.workers.length === 0, this.clock.now() + ENDED_LIMIT_MS);
    if (this.workers.length > 0) this.report("a worker did not end when it was told to");
    // A lease that nobody could remove is the next worker's to sweep away.
    for (const left of leftovers(this.engine.state, () => true)) this.report(`left behind the last worker: ${left}`);
    return this.clock.now();
  }

  readonly lives = (owner: Owner) => this.processes.lives(owner);

  #isAtRest(): boolean {
    if (this.#comingBack > 0 || this.oz.executions.hasUnfinished()) return false;
    return this.engine.isIdle && isClean(this.engine.state, this.lives);
  }

  #judgeRest(): void {
    for (const { taskId, executionId, state } of this.oz.executions.unfinished()) {
      this.report(`lost: ${taskId} ${executionId} is ${state} for ever`);
    }
    if (this.problems.length > 0) return;
    for (const left of leftovers(this.engine.state, this.lives)) this.report(`left at rest: ${left}`);
  }

  #disturbances(taskId: string, executionId: string): Disturbances {
    const execution = this.oz.executions.get(taskId, executionId);
    const isRegistryMoody =
      execution?.data.docker_image !== TASK_IMAGE ||
      [...this.engine.state.registry.values()].some(({ mood }) => mood !== "serves");
    // Without an execution every execution of the task is meant.
    const isCancelled = this.oz.executions
      .all()
      .some((one) => one.isCancelled && one.taskId === taskId && (one === execution || one.executionId === ""));
    return { ...this.incidents.seen, isCancelled, isRegistryMoody };
  }

  #stock(): void {
    const { state } = this.engine;
    for (const [name, imageId] of [
      [TASK_IMAGE, TASK_IMAGE_ID],
      [AGENT_IMAGE, this.setting.isWarm ? AGENT_IMAGE_ID : NEWER_AGENT_IMAGE_ID],
    ] as const) {
      state.registry.set(name, { imageId, transferMs: 400, mood: "serves" });
      if (this.setting.isWarm) tagImage(state, imageId, name);
    }
    if (this.setting.isWarm && !this.setting.mountsImages) {
      const gone = this.processes.spawn();
      gone.end();
      publishSidecar(state, AGENT_IMAGE_ID, this.processes.ownerOf(gone));
    }
    if (this.setting.mountsImages) this.engine.newestApi = 48;
  }
}

import { join } from "node:path";
import { LABELS } from "../../src/docker/records/labels.ts";
import { type AssignmentData, type AssignmentParts, assignment } from "../../test/support/assignment-builder.ts";
import { nowMs } from "../../test/support/oz-events.ts";
import { OzStandIn } from "../../test/support/oz-stand-in.ts";
import { startWorker, type WorkerProcess } from "../../test/support/worker-process.ts";
import type { RunningEnvironment } from "../environment/start-environment.ts";
import type { BareEngine } from "./bare-engine.ts";

const STEP_LIMIT_MS = 300_000;

/** A worker under measurement, and the Oz that it is linked with. All times are milliseconds. */
export class BenchWorker {
  readonly oz: OzStandIn;
  readonly process: WorkerProcess;
  readonly #bare: BareEngine;

  private constructor(oz: OzStandIn, process: WorkerProcess, bare: BareEngine) {
    this.oz = oz;
    this.process = process;
    this.#bare = bare;
  }

  /** Starts a worker of its own id, `command` being the program; resolves once it is linked. */
  static async start(
    environment: RunningEnvironment,
    bare: BareEngine,
    command: readonly string[] | undefined,
    name: string,
  ): Promise<{ readonly worker: BenchWorker; readonly startMs: number }> {
    const oz = new OzStandIn({ workerId: `${environment.run}-${name}` });
    const begin = nowMs();
    const process = startWorker({
      ...(command === undefined ? {} : { command }),
      args: oz.flags(),
      env: {
        HOME: join(environment.folder, "home"),
        WARP_API_KEY: oz.apiKey,
        DOCKER_HOST: environment.dockerHost,
      },
    });
    const worker = new BenchWorker(oz, process, bare);
    try {
      await oz.waitForLink(STEP_LIMIT_MS);
    } catch (thrown) {
      await worker.stop();
      throw thrown;
    }
    const opened = oz.events.find((event) => event.kind === "opened");
    return { worker, startMs: (opened?.atMs ?? Number.NaN) - begin };
  }

  /** Hands out one task and answers the time until its result, which must be a success. */
  async run(parts: AssignmentParts): Promise<number> {
    return (await this.runTask(parts)).ms;
  }

  /** The same, with the task's id and when it was handed out, in milliseconds since 1970. */
  async runTask(
    parts: AssignmentParts,
  ): Promise<{ readonly ms: number; readonly taskId: string; readonly sentAt: number }> {
    const data = assignment(parts);
    const ms = await this.#result(data);
    await this.settled([data]);
    return { ms, taskId: data.task_id, sentAt: this.#sentMs(data.task_id) };
  }

  /** Hands out `count` tasks at once; the time until the last result, and that until each claim. */
  async runAtOnce(
    count: number,
    parts: AssignmentParts,
  ): Promise<{ readonly ms: number; readonly claimsMs: number[] }> {
    const all = Array.from({ length: count }, () => assignment(parts));
    const begin = nowMs();
    await Promise.all(all.map((data) => this.#result(data)));
    const ms = nowMs() - begin;
    const claimsMs = await Promise.all(all.map((data) => this.claimMs(data.task_id)));
    await this.settled(all);
    return { ms, claimsMs };
  }

  /** Time from a task's assignment to its claim, past or to come. */
  async claimMs(taskId: string): Promise<number> {
    const { atMs } = await this.oz.waitForMessage("task_claimed", taskId, STEP_LIMIT_MS);
    return atMs - this.#sentMs(taskId);
  }

  /** Resolves when nothing of these tasks is left on the daemon: what follows is measured on a quiet one. */
  async settled(all: readonly AssignmentData[]): Promise<void> {
    const label = `${LABELS.workerId}=${this.oz.workerId}`;
    const ids = new Set(all.map((data) => data.task_id));
    for (;;) {
      const left = await this.#bare.containersWith(label);
      if (!left.some((container) => ids.has(container.label(LABELS.taskId)))) break;
      await Bun.sleep(10);
    }
    // The records go after the container.
    await Bun.sleep(30);
  }

  /** Ends it, and says where the protocol was broken: figures of such a worker mean nothing. */
  async stop(): Promise<void> {
    this.process.kill("SIGTERM");
    await Promise.race([this.process.exited, Bun.sleep(20_000)]);
    await this.process[Symbol.asyncDispose]();
    await this.oz.stop();
    if (this.oz.violations.length > 0) throw new Error(`the worker broke the protocol: ${this.oz.violations[0]}`);
  }

  async #result(data: AssignmentData): Promise<number> {
    await this.oz.assign(data, STEP_LIMIT_MS);
    const result = await this.oz.waitForResult(data.task_id, STEP_LIMIT_MS);
    if (result.type !== "task_completed") throw new Error(`a task did not succeed: ${result.data.message}`);
    return result.atMs - this.#sentMs(data.task_id);
  }

  #sentMs(taskId: string): number {
    const sent = this.oz.events.findLast((event) => event.kind === "sent" && event.taskId === taskId);
    return sent?.atMs ?? Number.NaN;
  }
}

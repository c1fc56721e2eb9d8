import type Docker from "dockerode";
import { createDemultiplexer } from "../../src/docker/container/container-tail.ts";
import { LABELS } from "../../src/docker/records/labels.ts";
import type { Records } from "../../src/docker/records/records.ts";
import { createSeals } from "../../src/docker/records/seals.ts";
import type { Owner } from "../../src/host/owner.ts";
import { type AssignmentData, type AssignmentParts, assignment } from "./assignment-builder.ts";
import { type TestEnvironment, testEnvironment } from "./environment.ts";
import { agentImage, sidecarImage } from "./images.ts";
import type { Received } from "./oz-events.ts";
import { OzStandIn } from "./oz-stand-in.ts";
import { recordsFor } from "./records-for.ts";
import { Relay } from "./relay.ts";
import { leftBehind } from "./worker-leftovers.ts";
import { startWorker, type WorkerExit, type WorkerProcess, workerCommand } from "./worker-process.ts";

export interface FixtureOptions {
  /** Flags, after the worker's id and the address of its Oz. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The worker reaches its Oz by way of `relay`. */
  readonly relayed?: boolean;
  /** Another daemon than the environment's; `env` must lead the worker there. */
  readonly docker?: Docker;
  /** Where an id of the run's own will not do: on a daemon that nobody else has. */
  readonly workerId?: string;
  /** Words before the worker's command, which they run. */
  readonly under?: readonly string[];
  /** False: the test starts the worker itself. */
  readonly started?: boolean;
}

/** A task that prints `ready` and stays until SIGTERM, which it obeys with exit code 3. */
export const OBEDIENT = `trap 'exit 3' TERM; echo ready; sleep 1000 & wait`;
/** A task that prints `ready` and stays, whatever SIGTERM asks for. */
export const STUBBORN = `trap '' TERM; echo ready; while :; do sleep 1; done`;

/** A strict Oz, a worker that serves it as a process, and what both need, with a worker id of its own. */
export class WorkerFixture {
  readonly environment: TestEnvironment;
  readonly oz: OzStandIn;
  readonly relay: Relay;
  readonly workerId: string;
  /** References of the task image and of the sidecar that every assignment has unless told otherwise. */
  readonly image: string;
  readonly sidecar: string;
  readonly #options: FixtureOptions;
  readonly #workers: WorkerProcess[] = [];
  readonly #badEnds: string[] = [];

  private constructor(
    parts: Pick<WorkerFixture, "environment" | "oz" | "relay" | "workerId" | "image" | "sidecar">,
    options: FixtureOptions,
  ) {
    this.environment = parts.environment;
    this.oz = parts.oz;
    this.relay = parts.relay;
    this.workerId = parts.workerId;
    this.image = parts.image;
    this.sidecar = parts.sidecar;
    this.#options = options;
  }

  /** `name` becomes part of the worker's id. The worker is connected afterwards. */
  static async start(name: string, options: FixtureOptions = {}): Promise<WorkerFixture> {
    const environment = { ...testEnvironment(), ...(options.docker ? { docker: options.docker } : {}) };
    const workerId = options.workerId ?? environment.name(`${name}-${crypto.randomUUID().slice(0, 8)}`);
    const [image, sidecar] = await Promise.all([agentImage(environment), sidecarImage(environment)]);
    const oz = new OzStandIn({ workerId });
    const relay = await Relay.start({ port: oz.port });
    const parts = { environment, oz, relay, workerId, image: image.reference, sidecar: sidecar.reference };
    const fixture = new WorkerFixture(parts, options);
    if (options.started !== false) {
      fixture.startWorker();
      // Oz sees the link a moment before the worker does.
      await fixture.worker.waitForLine(/listening for tasks/);
    }
    return fixture;
  }

  /** The worker that was started last. */
  get worker(): WorkerProcess {
    const worker = this.#workers.at(-1);
    if (worker === undefined) throw new Error("no worker was started");
    return worker;
  }

  /** Starts a (further) worker of this id, with flags in addition to the fixture's. */
  startWorker(...args: readonly string[]): WorkerProcess {
    const { oz, relay, environment } = this;
    const address = this.#options.relayed === true ? relay.through(oz.url) : oz.url;
    const { under } = this.#options;
    const worker = startWorker({
      ...(under === undefined ? {} : { command: [...under, ...workerCommand()] }),
      args: [...oz.flags(address), ...["--log-level", "debug"], ...(this.#options.args ?? []), ...args],
      env: { WARP_API_KEY: oz.apiKey, DOCKER_HOST: environment.dockerHost, ...this.#options.env },
    });
    this.#workers.push(worker);
    return worker;
  }

  /** Where a worker of this id, with this Oz's API key, makes its records. */
  recordsOf(owner: Owner, apiKey = this.oz.apiKey): Records {
    return recordsFor(this.environment.docker, this.workerId, owner, createSeals(apiKey));
  }

  /** An assignment with this fixture's images, whose task runs `script` in place of the agent. */
  task(script: string, parts: AssignmentParts = {}): AssignmentData {
    return assignment({
      docker_image: this.image,
      sidecar_image: this.sidecar,
      ...parts,
      env_vars: { OZ_TEST_SCRIPT: script, ...parts.env_vars },
    });
  }

  /** Assigns a task and waits for its result. */
  async run(script: string, parts: AssignmentParts = {}, timeoutMs = 30_000): Promise<Received> {
    const data = this.task(script, parts);
    await this.oz.assign(data);
    return this.oz.waitForResult(data.task_id, timeoutMs);
  }

  /** Assigns a task and waits until it has printed `ready`. */
  async runUntilReady(script: string, parts: AssignmentParts = {}): Promise<AssignmentData> {
    const data = this.task(script, parts);
    await this.oz.assign(data);
    await this.untilReady(data.task_id);
    return data;
  }

  /** Waits until a container of the task has printed `ready`, and answers that container. */
  async untilReady(taskId: string, executionId?: string, timeoutMs = 30_000): Promise<Docker.Container> {
    const end = performance.now() + timeoutMs;
    while (performance.now() < end) {
      for (const { Id } of await this.containers(taskId, executionId)) {
        const container = this.environment.docker.getContainer(Id);
        // One that is just being removed has no output.
        const lines = await outputOf(container).catch((): readonly string[] => []);
        if (lines.includes("ready")) return container;
      }
      const ended = this.oz.typesOf(taskId).length > this.oz.typesOf(taskId).filter(isClaim).length;
      if (ended && executionId === undefined) break;
      await Bun.sleep(20);
    }
    throw new Error(`never ready: ${taskId}\n${this.#lastLines()}`);
  }

  /** The task containers of this worker id that exist now. */
  containers(taskId?: string, executionId?: string): Promise<Docker.ContainerInfo[]> {
    const label = [`${LABELS.workerId}=${this.workerId}`];
    if (taskId !== undefined) label.push(`${LABELS.taskId}=${taskId}`);
    if (executionId !== undefined) label.push(`${LABELS.executionId}=${executionId}`);
    return this.environment.docker.listContainers({ all: true, filters: { label } });
  }

  /** Waits until nothing of a task is left on the daemon. */
  async untilCleared(taskId: string, timeoutMs = 10_000): Promise<void> {
    const end = performance.now() + timeoutMs;
    while ((await this.containers(taskId)).length > 0) {
      if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${taskId} cleared away`);
      await Bun.sleep(20);
    }
  }

  /** Ends the worker by SIGTERM, as an operator does; rejects when that is not the end of it within 15 s. */
  async stopWorker(worker: WorkerProcess = this.worker): Promise<WorkerExit> {
    const wasRunning = isRunning(worker.pid);
    worker.kill("SIGTERM");
    const late = setTimeout(() => worker.kill("SIGKILL"), 15_000);
    const exit = await worker.exited;
    clearTimeout(late);
    if (exit.code !== 0 && wasRunning) this.#badEnds.push(`exit code ${exit.code} after SIGTERM`);
    return exit;
  }

  /** Kills the worker; resolves when Oz has seen its link end too: what waits for a link then waits for another's. */
  async killWorker(worker: WorkerProcess = this.worker): Promise<void> {
    const links = this.oz.openLinks;
    worker.kill("SIGKILL");
    await worker.exited;
    if (links === 0) return;
    await this.oz.waitFor("the end of the killed worker's link", () => this.oz.openLinks < links || undefined);
  }

  /**
   * Ends everything. Rejects when Oz saw a breach of the contract, when a worker did not end in order or when something
   * of this worker id is left on the daemon.
   */
  async close(): Promise<void> {
    const problems: string[] = [];
    for (const worker of this.#workers) {
      const { stderr } = await this.stopWorker(worker);
      for (const defect of stderr.matchAll(/^.*(defect|fault) of the worker.*$/gm)) problems.push(defect[0]);
    }
    this.relay.stop();
    await this.oz.stop();
    problems.push(
      ...this.#badEnds,
      ...this.oz.violations,
      ...(await leftBehind(this.environment.docker, this.workerId, this.#pids())),
    );
    if (problems.length > 0) throw new Error(`${problems.join("\n")}\nthe worker said:\n${this.#lastLines()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #pids(): readonly number[] {
    return this.#workers.map(({ pid }) => pid);
  }

  #lastLines(): string {
    return this.#workers.flatMap(({ lines }) => lines.slice(-30)).join("\n");
  }
}

/** The lines that a container has printed so far, of stdout and stderr alike. */
export async function outputOf(container: Docker.Container): Promise<readonly string[]> {
  const demultiplexer = createDemultiplexer(1_000_000);
  demultiplexer.push(await container.logs({ stdout: true, stderr: true }));
  return demultiplexer.last().output.toString("utf8").trimEnd().split("\n");
}

const isClaim = (type: string) => type === "task_claimed" || type === "task_rejected";

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

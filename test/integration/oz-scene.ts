import { assignment } from "../support/assignment-builder.ts";
import { testEnvironment } from "../support/environment.ts";
import { agentImage, sidecarImage } from "../support/images.ts";
import type { Received } from "../support/oz-events.ts";
import { OzStandIn, type OzStandInOptions } from "../support/oz-stand-in.ts";
import { startWorker, type WorkerProcess, workerCommand } from "../support/worker-process.ts";

export interface OzSceneOptions {
  readonly tls?: OzStandInOptions["tls"];
  readonly env?: Readonly<Record<string, string>>;
  /** A command whose last arguments are the worker. */
  readonly through?: readonly string[];
  /** Where the worker looks for Oz; default is where it is. */
  readonly url?: (oz: OzStandIn) => string;
}

/** An Oz, over TLS or not, and a worker in a company's network. */
export class OzScene implements AsyncDisposable {
  readonly oz: OzStandIn;
  readonly worker: WorkerProcess;

  constructor({ tls, env = {}, through = [], url = (oz) => oz.url }: OzSceneOptions) {
    const environment = testEnvironment();
    const workerId = environment.name(`reach-oz-${crypto.randomUUID().slice(0, 8)}`);
    this.oz = new OzStandIn({ workerId, ...(tls === undefined ? {} : { tls }) });
    this.worker = startWorker({
      args: [...this.oz.flags(url(this.oz)), "--log-level", "debug"],
      env: { WARP_API_KEY: this.oz.apiKey, DOCKER_HOST: environment.dockerHost, ...env },
      command: [...through, ...workerCommand()],
    });
  }

  /** Everything that the worker has logged. */
  get log(): string {
    return this.worker.lines.join("\n");
  }

  /** The reason of the first failed dial, or of a later one. */
  async failure(from = 0): Promise<string> {
    const line = await this.worker.waitForLine(/Cannot connect to Oz at /, 15_000, from);
    return /Cannot connect to Oz at \S+: (.*); next try in \d+\.\d s/.exec(line)?.[1] ?? line;
  }

  /** Runs a task and answers its result. */
  async runTask(): Promise<Received> {
    const environment = testEnvironment();
    const [image, sidecar] = await Promise.all([agentImage(environment), sidecarImage(environment)]);
    const data = assignment({
      docker_image: image.reference,
      sidecar_image: sidecar.reference,
      env_vars: { OZ_TEST_SCRIPT: "exit 0" },
    });
    await this.oz.assign(data);
    return this.oz.waitForResult(data.task_id, 30_000);
  }

  /** Rejects where Oz saw a breach of the contract or the worker did not end in order. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.worker.kill("SIGTERM");
    const { code } = await this.worker.exited;
    await this.oz.stop();
    const problems = [...this.oz.violations, ...(code === 0 ? [] : [`exit code ${code} after SIGTERM`])];
    if (problems.length > 0) throw new Error(`${problems.join("\n")}\nthe worker said:\n${this.log}`);
  }
}

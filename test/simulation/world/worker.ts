import { type ComposedWorker, composeWorker } from "../../../src/compose-worker.ts";
import { DEFAULTS } from "../../../src/config/worker-config.ts";
import { composeDocker, type DockerBackend } from "../../../src/docker/compose-docker.ts";
import { createEngineWatch } from "../../../src/docker/engine/engine-watch.ts";
import { limitEngine } from "../../../src/docker/engine/limited-engine.ts";
import type { Ending } from "../../../src/worker/life-cycle.ts";
import { EngineClient } from "../engine/engine-client.ts";
import { simulatedLog } from "./journal.ts";
import type { SimProcess } from "./sim-process.ts";
import { API_KEY, WORKER_ID } from "./stock.ts";
import type { World } from "./world.ts";

/** Spec, section 9. */
const SHUTDOWN_LIMIT_MS = 15_000;
const FIRST_API_WITH_IMAGE_MOUNTS = 48;

/** A worker in a process of its own: the production composition on simulated ports. */
export class SimWorker {
  readonly process: SimProcess;
  readonly #world: World;
  readonly #composed: ComposedWorker;
  readonly #docker: DockerBackend;
  #ending: Ending | undefined;

  constructor(world: World) {
    const { engine: model, effects, processes, oz, random, journal, setting, sabotage } = world;
    this.#world = world;
    const process = processes.spawn();
    this.process = process;
    const clock = sabotage.clock?.(process.clock) ?? process.clock;
    const log = simulatedLog(journal, process.pid, (message) => world.report(`a defect: ${message}`));
    const client = new EngineClient(model, process, effects);
    const asked = sabotage.engine?.(client, process.pid) ?? client;
    const engine = limitEngine(
      {
        call: (request, schema) => asked.call(request, schema),
        run: (request) => asked.run(request),
        open: (request) => asked.open(request),
        now: () => client.now(),
      },
      clock,
    );
    const dial = oz.dialOf(process);
    const watch = createEngineWatch(engine, clock, log, {
      renew: () => Promise.resolve({ kind: "usable", isOther: client.agree() }),
    });
    const config = {
      ...DEFAULTS,
      apiKey: API_KEY,
      workerId: WORKER_ID,
      cleanup: setting.cleanup,
      volumes: [],
      environment: [],
      maxConcurrentTasks: setting.maxConcurrentTasks,
      ...setting.life,
      webSocketUrl: "ws://oz.simulated/ws",
    };
    const docker = composeDocker(
      { workerId: WORKER_ID, apiKey: API_KEY, pullPolicy: () => config.imagePullPolicy, keeping: () => config },
      {
        engine,
        watch,
        platform: { os: "linux", architecture: "amd64" },
        mayMountImages: () => model.newestApi >= FIRST_API_WITH_IMAGE_MOUNTS,
        owner: processes.ownerOf(process),
        processes,
        credentials: () => Promise.resolve({}),
        clock,
        log,
      },
    );
    this.#docker = docker;
    this.#composed = composeWorker(() => config, {
      docker,
      link: {
        dial: (request, events) => {
          const wire = dial(request, events);
          return sabotage.wire?.(wire, clock) ?? wire;
        },
        random: () => random.next(),
      },
      setupEvents: { report() {}, close() {} },
      clock,
      log,
    });
    this.#composed.recover().then(
      () => this.#composed.start(),
      (error: unknown) => world.report(`a worker could not start: ${String(error)}`),
    );
  }

  /** Ends it as an operator does; it has ended when its process has. */
  end(how: Ending): void {
    const { life } = this.#composed;
    if (!life.end(how, "the operator wants it")) return;
    const isFirst = this.#ending === undefined;
    this.#ending = how;
    if (how !== "drain") this.#mustEndInTime();
    if (!isFirst) return;
    life.ended
      .then(() => this.#docker.close())
      .then(
        () => this.process.end(),
        (error: unknown) => this.#world.report(`the shutdown broke off: ${String(error)}`),
      );
  }

  #mustEndInTime(): void {
    const { process } = this;
    const late = process.clock.after(SHUTDOWN_LIMIT_MS, () => {
      if (!process.wasSuspended) {
        this.#world.report(`worker ${process.pid} takes more than ${SHUTDOWN_LIMIT_MS / 1_000} s to end`);
      }
      process.end();
    });
    process.onEnd(() => late.cancel());
  }
}

import type { WorkerConfig } from "./config/worker-config.ts";
import { createOzLink, type OzLink, type OzLinkOptions } from "./control-plane/oz-link.ts";
import type { SetupEvents } from "./control-plane/setup-events.ts";
import type { DockerBackend } from "./docker/open-docker.ts";
import type { Clock } from "./support/clock.ts";
import type { Log } from "./support/log.ts";
import { repeat } from "./support/repeat.ts";
import { USER_AGENT } from "./support/user-agent.ts";
import { createLifeCycle, type Ending, type LifeCycle } from "./worker/life-cycle.ts";
import { createWorker, type Worker } from "./worker/worker.ts";

/** With what a lease must stand still, less than the two minutes after which a dead worker's tasks are somebody's again. */
const RECOVER_EVERY_MS = 25_000;

/** All that a worker acts through. */
export interface WorkerPorts {
  readonly docker: Pick<DockerBackend, "runtime" | "housekeeping" | "onBack">;
  readonly link: Pick<OzLinkOptions, "dial" | "dialOptions" | "onState" | "random">;
  readonly setupEvents: SetupEvents;
  /** The key to dial with; the configured one unless given. */
  readonly apiKey?: () => string;
  /** Is told how the worker ends, when that begins. */
  readonly onEnding?: (how: Ending) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The parts of a worker, put together. */
export interface ComposedWorker {
  readonly link: OzLink;
  /** Takes over what dead workers have left. To be done before `start`: it counts, and is known as here. */
  recover(): Promise<void>;
  /** Dials Oz, for ever. */
  start(): void;
  readonly worker: Worker;
  readonly life: LifeCycle;
}

/** Puts the parts together; nothing is asked or dialled before `recover` and `start`. */
export function composeWorker(configured: () => WorkerConfig, ports: WorkerPorts): ComposedWorker {
  const { docker, setupEvents, clock, log } = ports;
  const { runtime, housekeeping } = docker;
  const { workerId, webSocketUrl } = configured();
  const link = createOzLink({
    ...ports.link,
    url: webSocketUrl,
    workerId,
    apiKey: ports.apiKey ?? (() => configured().apiKey),
    log,
    clock,
    onMessage: (message) => worker.handle(message),
    userAgent: USER_AGENT,
  });
  const worker = createWorker({
    workerId,
    settings: () => ({ ...configured(), taskOptions: configured() }),
    runtime,
    channel: link,
    setupEvents,
    clock,
    log,
    onCount: () => life.counted(),
  });
  const recover = () => runtime.recover((recovered) => worker.adopt(recovered));
  const recovery = repeat(clock, RECOVER_EVERY_MS, recover);
  docker.onBack(() => recovery.now());

  const life = createLifeCycle({
    worker,
    settings: configured,
    quieten(how) {
      // What other workers leave is their successors' business.
      recovery.stop();
      if (how !== "drain") housekeeping.stop();
    },
    async finish() {
      housekeeping.stop();
      setupEvents.close();
      await link.close();
    },
    onEnding: ports.onEnding ?? (() => {}),
    clock,
    log,
  });

  return {
    link,
    worker,
    life,
    recover,
    start() {
      link.start();
      housekeeping.now();
      life.start();
    },
  };
}

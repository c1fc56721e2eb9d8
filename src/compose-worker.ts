import type { WorkerConfig } from "./config/worker-config.ts";
import { createOzLink, type OzLink, type OzLinkOptions } from "./control-plane/oz-link.ts";
import type { SetupEvents } from "./control-plane/setup-events.ts";
import type { DockerBackend } from "./docker/open-docker.ts";
import type { Clock } from "./support/clock.ts";
import type { Log } from "./support/log.ts";
import { repeat } from "./support/repeat.ts";
import { USER_AGENT } from "./support/user-agent.ts";
import { createWorker } from "./worker/worker.ts";

/** Of the 15 s that a shutdown may take (spec, section 9), the rest is for closing the link. */
const DRAIN_LIMIT_MS = 12_500;
/** With what a lease must stand still, less than the two minutes after which a dead worker's tasks are somebody's again. */
const RECOVER_EVERY_MS = 25_000;

/** All that a worker acts through. */
export interface WorkerPorts {
  readonly docker: Pick<DockerBackend, "runtime" | "housekeeping" | "onBack">;
  readonly link: Pick<OzLinkOptions, "dial" | "dialOptions" | "onState" | "random">;
  readonly setupEvents: SetupEvents;
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
  /** Stops the tasks, reports them, closes the link. Resolves when nothing is left to do, within 15 s. */
  shutDown(signal: string): Promise<void>;
}

/** Puts the parts together; nothing is asked or dialled before `recover` and `start`. */
export function composeWorker(config: WorkerConfig, ports: WorkerPorts): ComposedWorker {
  const { docker, setupEvents, clock, log } = ports;
  const { runtime, housekeeping } = docker;
  const { workerId } = config;
  const link = createOzLink({
    ...ports.link,
    url: config.webSocketUrl,
    workerId,
    apiKey: config.apiKey,
    log,
    clock,
    onMessage: (message) => worker.handle(message),
    userAgent: USER_AGENT,
  });
  const worker = createWorker({
    workerId,
    maxConcurrentTasks: config.maxConcurrentTasks,
    taskOptions: config,
    runtime,
    channel: link,
    setupEvents,
    clock,
    log,
  });
  const recover = () => runtime.recover((recovered) => worker.adopt(recovered));
  const recovery = repeat(clock, RECOVER_EVERY_MS, recover);
  docker.onBack(() => recovery.now());

  return {
    link,
    recover,
    start() {
      link.start();
      housekeeping.now();
    },
    async shutDown(signal) {
      log.info(`${signal} received: shutting down`, { running: worker.running() });
      for (const repeating of [recovery, housekeeping]) repeating.stop();
      const left = await worker.drain(DRAIN_LIMIT_MS);
      for (const task of left) {
        log.warn("the result could not be delivered in time: it stays on the Docker daemon for the next start", {
          task,
        });
      }
      setupEvents.close();
      await link.close();
    },
  };
}

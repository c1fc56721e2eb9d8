import type { WorkerConfig } from "./config/worker-config.ts";
import { createOzLink, type OzLink, type OzLinkOptions } from "./control-plane/oz-link.ts";
import type { SetupEvents } from "./control-plane/setup-events.ts";
import { createExitEvents } from "./docker/container/exit-events.ts";
import { createDockerRuntime } from "./docker/docker-runtime.ts";
import type { Engine } from "./docker/engine/engine.ts";
import type { EngineClock } from "./docker/engine/engine-clock.ts";
import { createEngineLives } from "./docker/engine/engine-lives.ts";
import type { EngineWatch } from "./docker/engine/engine-watch.ts";
import { createImages, type ImagesOptions } from "./docker/images/images.ts";
import { createReaper } from "./docker/reaper.ts";
import { encodeOwner, type Owner, type ProcessTable } from "./docker/records/owner.ts";
import { createSeals } from "./docker/records/seals.ts";
import { clearStaleSidecars } from "./docker/sidecars/clear-stale.ts";
import { createImageContent } from "./docker/sidecars/image-content.ts";
import { createVolumeContent } from "./docker/sidecars/volume-content.ts";
import type { Clock } from "./support/clock.ts";
import type { Log } from "./support/log.ts";
import { repeat } from "./support/repeat.ts";
import { USER_AGENT } from "./support/user-agent.ts";
import { createWorker } from "./worker/worker.ts";

/** Of the 15 s that a shutdown may take (spec, section 9), the rest is for closing the link. */
const DRAIN_LIMIT_MS = 12_500;
const RECOVER_EVERY_MS = 30_000;
const HOUSEKEEPING_EVERY_MS = 300_000;

/** All that a worker acts through, and what it must know of where it runs. */
export interface WorkerPorts extends Pick<ImagesOptions, "platform" | "credentials"> {
  readonly engine: Engine & EngineClock;
  readonly watch: EngineWatch;
  /** Whether the engine may know mounts of images, as far as its API version tells at the moment. */
  readonly mayMountImages: () => boolean;
  readonly owner: Owner;
  /** The host's processes unless given. */
  readonly processes?: ProcessTable;
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
  const { engine, watch, owner, processes, setupEvents, clock, log } = ports;
  const { workerId } = config;
  const onEnd = () => watch.noteEnd();
  const lives = createEngineLives(engine, { onEnd });
  const exitEvents = createExitEvents(engine, workerId, log, onEnd);
  const seals = createSeals(config.apiKey);
  const maker = { engine, seals, owner: encodeOwner(owner), now: () => engine.now(), log };
  const copies = createVolumeContent(maker, () => housekeeping.now());
  const { platform, credentials } = ports;
  const runtime = createDockerRuntime({
    engine,
    seals,
    watch,
    images: createImages({ engine, watch, platform, pullPolicy: config.imagePullPolicy, credentials, clock, log }),
    lives,
    exitEvents,
    sidecarContent: createImageContent({ maker, watch, mayMount: ports.mayMountImages, lives, copies }),
    workerId,
    owner,
    processes,
    cleanup: config.cleanup,
    clock,
    log,
  });
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
  const reaper = createReaper({ engine, seals, self: owner, log, processes });
  const housekeeping = repeat(clock, HOUSEKEEPING_EVERY_MS, async () => {
    await reaper.reap();
    await clearStaleSidecars(maker);
  });
  watch.onBack(() => recovery.now());

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
      watch.stop();
      lives.close();
      exitEvents.close();
    },
  };
}

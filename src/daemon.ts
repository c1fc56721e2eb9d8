import { hostname } from "node:os";
import type { WorkerConfig } from "./config/worker-config.ts";
import { createDialOptions } from "./control-plane/network-options.ts";
import { createOzLink, type OzLink } from "./control-plane/oz-link.ts";
import { createSetupEvents, type SetupEvents } from "./control-plane/setup-events.ts";
import { createExitEvents, type ExitEvents } from "./docker/container/exit-events.ts";
import { createDockerRuntime } from "./docker/docker-runtime.ts";
import { type ReachedEngine, reachEngine } from "./docker/endpoint/reach-engine.ts";
import { endOnDeadSocket } from "./docker/engine/dead-socket.ts";
import { createEngine, type Engine } from "./docker/engine/engine.ts";
import { describeError } from "./docker/engine/engine-error.ts";
import { createEngineLives, type EngineLives } from "./docker/engine/engine-lives.ts";
import { createEngineWatch, type EngineWatch, persist } from "./docker/engine/engine-watch.ts";
import { createImages } from "./docker/images/images.ts";
import { reap } from "./docker/reaper.ts";
import { findOwnContainer } from "./docker/records/own-container.ts";
import { currentOwner, encodeOwner, type Owner, readSystemFile } from "./docker/records/owner.ts";
import { createRegistryCredentials } from "./docker/registry/credentials.ts";
import { clearStaleSidecars } from "./docker/sidecars/clear-stale.ts";
import { createImageContent, IMAGE_MOUNTS_SINCE } from "./docker/sidecars/image-content.ts";
import { createVolumeContent } from "./docker/sidecars/volume-content.ts";
import { findServiceManager } from "./host/service-manager.ts";
import { answerHealth } from "./operator/health.ts";
import { liveProblems, PING_LIMIT_MS } from "./operator/live-problems.ts";
import { serveOperator } from "./operator/serve-operator.ts";
import { pause, systemClock } from "./support/clock.ts";
import type { Log } from "./support/log.ts";
import { type Repeating, repeat } from "./support/repeat.ts";
import { USER_AGENT } from "./support/user-agent.ts";
import { createWorker, type Worker } from "./worker/worker.ts";

/** Of the 15 s that a shutdown may take (spec, section 9), the rest is for closing the link. */
const DRAIN_LIMIT_MS = 12_500;
/** For an ssh tunnel; what is left of it then ends with the process. */
const CLOSE_LIMIT_MS = 400;
const RECOVER_EVERY_MS = 30_000;
const HOUSEKEEPING_EVERY_MS = 300_000;

/** The process's surroundings. */
export interface DaemonEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  /** Ends the process where it can do nothing for its tasks any more; the line says why. */
  readonly giveUp: (problem: string) => void;
}

/** A worker that is up. */
export interface Daemon {
  /** Stops the tasks, reports them, closes the link. Resolves when nothing is left to do, within 15 s. */
  shutDown(signal: string): Promise<void>;
}

/** Either a worker that is up, or the one line that says why there is none. */
export type DaemonStart =
  | { readonly kind: "up"; readonly daemon: Daemon }
  | { readonly kind: "failed"; readonly problem: string };

/** Finds the Docker daemon, puts the parts together and dials Oz. */
export async function startDaemon(config: WorkerConfig, around: DaemonEnvironment, log: Log): Promise<DaemonStart> {
  const clock = systemClock;
  const reached = await reachEngine({ env: around.env, home: around.home, log, clock });
  if (reached.kind === "failed") return { kind: "failed", problem: reached.problem };
  log.info("Docker daemon found", {
    address: reached.where,
    source: reached.source,
    version: reached.engineVersion,
    api: reached.apiVersion,
    platform: `${reached.platform.os}/${reached.platform.architecture}`,
  });

  const engine = createEngine(reached.docker.modem);
  const watch = createEngineWatch(engine, clock, log, { renew: () => reached.renew(), giveUp: around.giveUp });
  const owner = await thisProcess(engine, watch, log);
  if (owner.container !== undefined && reached.socketPath !== undefined) {
    endOnDeadSocket({ watch, socketPath: reached.socketPath, clock, giveUp: around.giveUp });
  }
  const lives = createEngineLives(engine, { onEnd: () => watch.noteEnd() });
  const exitEvents = createExitEvents(engine, config.workerId, log, () => watch.noteEnd());
  const copies = createVolumeContent(engine, encodeOwner(owner), log, () => housekeeping.now());
  const credentials = createRegistryCredentials({ env: around.env, home: around.home, log });
  const runtime = createDockerRuntime({
    engine,
    watch,
    images: createImages({
      engine,
      watch,
      platform: reached.platform,
      pullPolicy: config.imagePullPolicy,
      credentials: (reference, signal) => credentials.for(reference, signal),
      clock,
      log,
    }),
    lives,
    exitEvents,
    sidecarContent: createImageContent({
      engine,
      watch,
      lives,
      mayMount: () => reached.speaks(IMAGE_MOUNTS_SINCE),
      owner: encodeOwner(owner),
      copies,
      log,
    }),
    workerId: config.workerId,
    owner,
    cleanup: config.cleanup,
    clock,
    log,
  });

  const manager = await findServiceManager({ env: around.env, pid: process.pid, clock, log });
  const link: OzLink = createOzLink({
    url: config.webSocketUrl,
    workerId: config.workerId,
    apiKey: config.apiKey,
    log,
    clock,
    onMessage: (message) => worker.handle(message),
    onState: ({ connected }) => manager.status(connected ? "Connected to Oz, listening for tasks" : "Connecting to Oz"),
    userAgent: USER_AGENT,
    dialOptions: createDialOptions({ url: config.webSocketUrl, log, env: around.env }),
  });
  const setupEvents = createSetupEvents({
    serverRootUrl: config.serverRootUrl,
    userAgent: USER_AGENT,
    dialOptions: createDialOptions({ url: config.serverRootUrl, log, env: around.env }),
    clock,
    log,
  });
  const worker = createWorker({
    workerId: config.workerId,
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
  const housekeeping = repeat(clock, HOUSEKEEPING_EVERY_MS, async () => {
    await reap(engine, owner, log);
    await clearStaleSidecars(engine, log);
  });
  watch.onBack(() => recovery.now());

  // Before Oz hands out anything: what is taken over counts, and is known as here.
  await recover();
  manager.status("Connecting to Oz");
  link.start();
  housekeeping.now();
  const problems = () =>
    liveProblems({
      link: () => link.state(),
      pingDaemon: () => engine.run({ method: "GET", path: "/_ping", limitMs: PING_LIMIT_MS }),
      now: () => clock.now(),
    });
  const operator = serveOperator({ workerId: config.workerId, answering: [answerHealth(problems)], clock, log });
  // Up, though Oz may be away for hours: a restart would not bring it back, and the tasks here need this process.
  manager.ready();
  const parts = {
    worker,
    link,
    setupEvents,
    watch,
    lives,
    exitEvents,
    reached,
    log,
    repeating: [recovery, housekeeping],
  };
  return {
    kind: "up",
    daemon: {
      async shutDown(signal) {
        manager.stopping();
        await shutDown(signal, parts);
        operator.stop();
        manager.close();
      },
    },
  };
}

/** The record of this process's ownership. Where the daemon does not tell, the process is taken to run on a host. */
async function thisProcess(engine: Engine, watch: EngineWatch, log: Log): Promise<Owner> {
  try {
    const container = await persist(watch, undefined, () => findOwnContainer(engine, readSystemFile, hostname()));
    return currentOwner(readSystemFile, container);
  } catch (error) {
    log.warn("whether this worker runs in a container could not be found out: others may not see when it is gone", {
      reason: describeError(error),
    });
    return currentOwner();
  }
}

interface Parts {
  readonly worker: Worker;
  readonly link: OzLink;
  readonly setupEvents: SetupEvents;
  readonly watch: EngineWatch;
  readonly lives: EngineLives;
  readonly exitEvents: ExitEvents;
  readonly reached: ReachedEngine;
  readonly repeating: readonly Repeating[];
  readonly log: Log;
}

async function shutDown(signal: string, parts: Parts): Promise<void> {
  const { worker, link, setupEvents, watch, lives, exitEvents, reached, log } = parts;
  log.info(`${signal} received: shutting down`, { running: worker.running() });
  for (const repeating of parts.repeating) repeating.stop();
  const left = await worker.drain(DRAIN_LIMIT_MS);
  for (const task of left) {
    log.warn("the result could not be delivered in time: it stays on the Docker daemon for the next start", { task });
  }
  setupEvents.close();
  await link.close();
  watch.stop();
  lives.close();
  exitEvents.close();
  await Promise.race([reached.close(), pause(systemClock, CLOSE_LIMIT_MS)]);
  log.info("stopped");
}

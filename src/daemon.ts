import { hostname } from "node:os";
import { composeWorker } from "./compose-worker.ts";
import type { WorkerConfig } from "./config/worker-config.ts";
import { createDialOptions } from "./control-plane/network-options.ts";
import { createSetupEvents } from "./control-plane/setup-events.ts";
import { reachEngine } from "./docker/endpoint/reach-engine.ts";
import { endOnDeadSocket } from "./docker/engine/dead-socket.ts";
import { createEngine, type Engine } from "./docker/engine/engine.ts";
import { describeError } from "./docker/engine/engine-error.ts";
import { enginePath } from "./docker/engine/engine-path.ts";
import { createEngineWatch, type EngineWatch, persist } from "./docker/engine/engine-watch.ts";
import { limitEngine } from "./docker/engine/limited-engine.ts";
import { findOwnContainer } from "./docker/records/own-container.ts";
import { currentOwner, type Owner, readSystemFile } from "./docker/records/owner.ts";
import { createRegistryCredentials } from "./docker/registry/credentials.ts";
import { IMAGE_MOUNTS_SINCE } from "./docker/sidecars/image-content.ts";
import { findServiceManager } from "./host/service-manager.ts";
import { answerHealth } from "./operator/health.ts";
import { liveProblems, PING_LIMIT_MS } from "./operator/live-problems.ts";
import { serveOperator } from "./operator/serve-operator.ts";
import { pause, systemClock } from "./support/clock.ts";
import type { Log } from "./support/log.ts";
import { USER_AGENT } from "./support/user-agent.ts";

/** For an ssh tunnel; what is left of it then ends with the process. */
const CLOSE_LIMIT_MS = 400;

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

  const engine = limitEngine(createEngine(reached.docker.modem), clock);
  const watch = createEngineWatch(engine, clock, log, { renew: () => reached.renew(), giveUp: around.giveUp });
  const owner = await thisProcess(engine, watch, log);
  if (owner.container !== undefined && reached.socketPath !== undefined) {
    endOnDeadSocket({ watch, socketPath: reached.socketPath, clock, giveUp: around.giveUp });
  }
  const credentials = createRegistryCredentials({ env: around.env, home: around.home, log });
  const manager = await findServiceManager({ env: around.env, pid: process.pid, clock, log });
  const composed = composeWorker(config, {
    engine,
    watch,
    platform: reached.platform,
    mayMountImages: () => reached.speaks(IMAGE_MOUNTS_SINCE),
    owner,
    credentials: (reference, signal) => credentials.for(reference, signal),
    link: {
      onState: ({ connected }) =>
        manager.status(connected ? "Connected to Oz, listening for tasks" : "Connecting to Oz"),
      dialOptions: createDialOptions({ url: config.webSocketUrl, log, env: around.env }),
    },
    setupEvents: createSetupEvents({
      serverRootUrl: config.serverRootUrl,
      userAgent: USER_AGENT,
      dialOptions: createDialOptions({ url: config.serverRootUrl, log, env: around.env }),
      clock,
      log,
    }),
    clock,
    log,
  });

  // Before Oz hands out anything: what is taken over counts, and is known as here.
  await composed.recover();
  manager.status("Connecting to Oz");
  composed.start();
  const problems = () =>
    liveProblems({
      link: () => composed.link.state(),
      pingDaemon: () => engine.run({ method: "GET", path: enginePath`/_ping`, isUrgent: true, limitMs: PING_LIMIT_MS }),
      now: () => clock.now(),
    });
  const operator = serveOperator({ workerId: config.workerId, answering: [answerHealth(problems)], clock, log });
  // Up, though Oz may be away for hours: a restart would not bring it back, and the tasks here need this process.
  manager.ready();
  return {
    kind: "up",
    daemon: {
      async shutDown(signal) {
        manager.stopping();
        await composed.shutDown(signal);
        await Promise.race([reached.close(), pause(clock, CLOSE_LIMIT_MS)]);
        log.info("stopped");
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

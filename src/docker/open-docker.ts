import { hostname } from "node:os";
import { type DiskSpace, diskSpace } from "../host/disk-space.ts";
import { currentOwner, type Owner, readSystemFile } from "../host/owner.ts";
import { abortAfter, type Clock } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { composeDocker, type DockerBackend, type DockerSettings } from "./compose-docker.ts";
import { reachEngine } from "./endpoint/reach-engine.ts";
import { endOnDeadSocket } from "./engine/dead-socket.ts";
import { createEngine, type Engine } from "./engine/engine.ts";
import { describeError } from "./engine/engine-error.ts";
import { createEngineWatch, type EngineWatch, persist } from "./engine/engine-watch.ts";
import { limitEngine } from "./engine/limited-engine.ts";
import { isThisMachine, readDaemonFacts } from "./examine/daemon-facts.ts";
import { findOwnContainer } from "./records/own-container.ts";
import { createRegistryCredentials } from "./registry/credentials.ts";
import { IMAGE_MOUNTS_SINCE } from "./sidecars/image-content.ts";

export type { DockerBackend, DockerSettings } from "./compose-docker.ts";

/** Who asks has patience for some seconds. */
const DISK_LIMIT_MS = 3_000;

/** The process's surroundings, as far as Docker goes. */
export interface DockerSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  /** Ends the process where the daemon cannot be used any more; the line says why. */
  readonly giveUp: (problem: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The daemon that was found, and the disk that it keeps its data on. */
export interface OpenDocker extends DockerBackend {
  /** `undefined` where that disk is not to be seen from here: a daemon of another machine, a worker in a container. Never rejects. */
  disk(): Promise<DiskSpace | undefined>;
}

/** Either the daemon to work with, or the one line that says why there is none. */
export type DockerOpening =
  | { readonly kind: "open"; readonly docker: OpenDocker }
  | { readonly kind: "failed"; readonly problem: string };

/** The door: finds the Docker daemon, as `docker` would, and sees whether it can be worked with. Never rejects. */
export async function openDocker(settings: DockerSettings, around: DockerSurroundings): Promise<DockerOpening> {
  const { env, home, giveUp, clock, log } = around;
  const reached = await reachEngine({ env, home, log, clock });
  if (reached.kind === "failed") return reached;
  log.info("Docker daemon found", {
    address: reached.where,
    source: reached.source,
    version: reached.engineVersion,
    api: reached.apiVersion,
    platform: `${reached.platform.os}/${reached.platform.architecture}`,
  });

  const engine = limitEngine(createEngine(reached.docker.modem, clock), clock);
  const watch = createEngineWatch(engine, clock, log, { renew: () => reached.renew(), giveUp });
  const owner = await thisProcess(engine, watch, log);
  if (owner.container !== undefined && reached.socketPath !== undefined) {
    endOnDeadSocket({ watch, socketPath: reached.socketPath, clock, giveUp });
  }
  const credentials = createRegistryCredentials({ env, home, log });
  const docker = composeDocker(settings, {
    engine,
    watch,
    platform: reached.platform,
    mayMountImages: () => reached.speaks(IMAGE_MOUNTS_SINCE),
    owner,
    credentials: (reference, signal) => credentials.for(reference, signal),
    clock,
    log,
  });
  return {
    kind: "open",
    docker: {
      ...docker,
      async disk() {
        const limit = abortAfter(clock, DISK_LIMIT_MS);
        const facts = await readDaemonFacts(engine, limit.signal).catch(() => undefined);
        limit.cancel();
        const isHere = facts !== undefined && isThisMachine(facts, reached.socketPath !== undefined);
        return isHere ? await diskSpace(facts.rootFolder) : undefined;
      },
      async close() {
        await docker.close();
        await reached.close();
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

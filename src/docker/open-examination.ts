import { hostname } from "node:os";
import { currentOwner, type Owner, readSystemFile } from "../host/owner.ts";
import type { Clock } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { reachEngine } from "./endpoint/reach-engine.ts";
import { createEngine, type Engine } from "./engine/engine.ts";
import { createEngineWatch } from "./engine/engine-watch.ts";
import { type ApiRange, type DaemonFacts, readApiRange, readDaemonFacts } from "./examine/daemon-facts.ts";
import { findLeftObjects, type LeftObjects } from "./examine/left-objects.ts";
import { runTrial, type TrialEnd } from "./examine/trial-run.ts";
import { createImages, type PullPolicy } from "./images/images.ts";
import { findOwnContainer } from "./records/own-container.ts";
import { createRegistryCredentials } from "./registry/credentials.ts";

export { type ApiRange, type DaemonFacts, isThisMachine } from "./examine/daemon-facts.ts";
export type { LeftObjects } from "./examine/left-objects.ts";
export type { TrialEnd } from "./examine/trial-run.ts";

/** Where the daemon is looked for. */
export interface ExaminationSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly clock: Clock;
  /** Gets what is worth a warning. */
  readonly log: Log;
  /** Limit of each of the first two questions, in milliseconds. */
  readonly timeoutMs: number;
}

/** A daemon that can be used, to be looked at before a worker is. All but `trial` rejects with an `EngineError`. */
export interface ExaminedDocker {
  /** The daemon as an operator would write it, and where that came from. */
  readonly where: string;
  readonly source: string;
  readonly version: string;
  /** `linux/amd64`. */
  readonly platform: string;
  /** The API version that a worker would speak. */
  readonly apiVersion: string;
  /** Whether it is reached by a socket of this machine. */
  readonly isBySocket: boolean;
  apiRange(signal: AbortSignal): Promise<ApiRange>;
  facts(signal: AbortSignal): Promise<DaemonFacts>;
  /** What stands there of workers that cannot be seen alive. */
  leftObjects(): Promise<readonly LeftObjects[]>;
  /** Runs a harmless container from an image, and removes it. Never rejects. */
  trial(image: string, pullPolicy: PullPolicy, signal: AbortSignal): Promise<TrialEnd>;
  close(): Promise<void>;
}

export type ExaminationOpening =
  | { readonly kind: "open"; readonly docker: ExaminedDocker }
  | { readonly kind: "failed"; readonly problem: string };

/** The third door: for whoever wants to know whether a worker could work here. Only `trial` changes anything. Never rejects. */
export async function openExamination(around: ExaminationSurroundings): Promise<ExaminationOpening> {
  const { env, home, clock, log, timeoutMs } = around;
  const reached = await reachEngine({ env, home, log, clock, timeoutMs });
  if (reached.kind === "failed") return reached;
  const { platform } = reached;
  const engine = createEngine(reached.docker.modem, clock);
  return {
    kind: "open",
    docker: {
      where: reached.where,
      source: reached.source,
      version: reached.engineVersion,
      platform: `${platform.os}/${platform.architecture}`,
      apiVersion: reached.apiVersion,
      isBySocket: reached.socketPath !== undefined,
      apiRange: (signal) => readApiRange(engine, signal),
      facts: (signal) => readDaemonFacts(engine, signal),
      leftObjects: async () => findLeftObjects({ engine, now: () => engine.now(), self: await thisProcess(engine) }),
      async trial(image, pullPolicy, signal) {
        const watch = createEngineWatch(engine, clock, log);
        const logins = createRegistryCredentials({ env, home, log });
        const credentials: typeof logins.for = (reference, own) => logins.for(reference, own);
        const images = createImages({ engine, watch, platform, pullPolicy: () => pullPolicy, credentials, clock, log });
        try {
          return await runTrial({ engine, images, owner: await thisProcess(engine), clock, signal }, image);
        } finally {
          watch.stop();
        }
      },
      close: () => reached.close(),
    },
  };
}

async function thisProcess(engine: Engine): Promise<Owner> {
  const container = await findOwnContainer(engine, readSystemFile, hostname()).catch(() => undefined);
  return currentOwner(readSystemFile, container);
}

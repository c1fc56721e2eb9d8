import { encodeOwner, type Owner, type ProcessTable } from "../host/owner.ts";
import type { Clock } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { createOnce } from "../support/once.ts";
import { type Repeating, repeat } from "../support/repeat.ts";
import type { TaskRuntime } from "../worker/task-runtime.ts";
import { createExitEvents } from "./container/exit-events.ts";
import { createDockerRuntime } from "./docker-runtime.ts";
import type { Engine } from "./engine/engine.ts";
import type { EngineClock } from "./engine/engine-clock.ts";
import { createEngineLives } from "./engine/engine-lives.ts";
import { enginePath } from "./engine/engine-path.ts";
import type { EngineWatch } from "./engine/engine-watch.ts";
import { createImages, type ImagesOptions } from "./images/images.ts";
import { createReaper } from "./reaper.ts";
import { clearKept, type Keeping } from "./records/kept-containers.ts";
import { createLeaseLooks } from "./records/lease-looks.ts";
import { randomToken } from "./records/object-names.ts";
import { createSeals } from "./records/seals.ts";
import { clearStaleSidecars } from "./sidecars/clear-stale.ts";
import { createImageContent } from "./sidecars/image-content.ts";
import { createVolumeContent } from "./sidecars/volume-content.ts";

/** What the worker's id and configuration say of its work on the daemon. */
export interface DockerSettings extends Pick<ImagesOptions, "pullPolicy"> {
  readonly workerId: string;
  readonly apiKey: string;
  /** Which containers stay once their result is with Oz. */
  readonly keeping: () => Keeping;
  /** Names of variables whose values are no secrets. */
  readonly plainEnvironment?: () => readonly string[];
}

/** The daemon, and what must be known of it and of where this process runs. */
export interface DockerPorts extends Pick<ImagesOptions, "platform" | "credentials"> {
  readonly engine: Engine & EngineClock;
  readonly watch: EngineWatch;
  /** Whether the engine may know mounts of images, as far as its API version tells at the moment. */
  readonly mayMountImages: () => boolean;
  readonly owner: Owner;
  /** The host's processes unless given. */
  readonly processes?: ProcessTable;
  readonly clock: Clock;
  readonly log: Log;
}

/** All that the rest of the worker knows of Docker. */
export interface DockerBackend {
  readonly runtime: TaskRuntime;
  /** Clears away what dead workers have left half-way, and content that serves nothing any more. */
  readonly housekeeping: Repeating;
  /** Is called each time that the daemon has come back, or is another one. */
  onBack(action: () => void): void;
  /** Whether the daemon answers. Rejects with an `EngineError` where it does not within so many milliseconds. */
  ping(limitMs: number): Promise<void>;
  /** Ends what listens to the daemon, and the way to it; nothing may be asked of it afterwards. Never rejects. */
  close(): Promise<void>;
}

const HOUSEKEEPING_EVERY_MS = 300_000;

/** Puts the parts together on a daemon that was found; nothing is asked of it yet. */
export function composeDocker(settings: DockerSettings, ports: DockerPorts): DockerBackend {
  const { engine, watch, processes, clock, log } = ports;
  const owner = { ...ports.owner, lease: randomToken() };
  const leases = createLeaseLooks(clock);
  const { workerId } = settings;
  const onEnd = () => watch.noteEnd();
  const lives = createEngineLives(engine, { onEnd });
  const exitEvents = createExitEvents(engine, workerId, log, onEnd);
  const seals = createSeals(settings.apiKey);
  const maker = { engine, seals, owner: encodeOwner(owner), now: () => engine.now(), log };
  const copies = createVolumeContent(maker, () => housekeeping.now());
  const { platform, credentials } = ports;
  const images = createImages({
    engine,
    watch,
    platform,
    pullPolicy: settings.pullPolicy,
    credentials,
    clock,
    log,
  });
  const runtime = createDockerRuntime({
    engine,
    seals,
    watch,
    images,
    lives,
    exitEvents,
    sidecarContent: createImageContent({ maker, watch, mayMount: ports.mayMountImages, lives, copies }),
    workerId,
    owner,
    leases,
    processes,
    keeping: settings.keeping,
    plainEnvironment: settings.plainEnvironment ?? (() => []),
    clock,
    log,
  });
  const reaper = createReaper({ engine, seals, self: owner, clock, leases, log, processes });
  const housekeeping = repeat(clock, HOUSEKEEPING_EVERY_MS, async () => {
    await reaper.reap();
    await clearStaleSidecars(maker);
    await clearKept({ ...maker, workerId, once: createOnce() }, settings.keeping(), log);
  });
  return {
    runtime,
    housekeeping,
    onBack: (action) => watch.onBack(action),
    ping: (limitMs) => engine.run({ method: "GET", path: enginePath`/_ping`, isUrgent: true, limitMs }),
    async close() {
      housekeeping.stop();
      await runtime.close();
      watch.stop();
      lives.close();
      exitEvents.close();
    },
  };
}

import type { LogFormat, LogLevel } from "../support/log.ts";
import type { ImagePullPolicy } from "./image-pull-policy.ts";

/** A variable of every task container, its value final. The value is a secret. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

/** Everything the worker is told by its operator, checked and final: flags win over the file, the file over defaults. */
export interface WorkerConfig {
  /** A secret; fit for an HTTP header. */
  readonly apiKey: string;
  /** The file that it was read from, to be read again before each dial. */
  readonly apiKeyFile?: string;
  /** Where the settings were read, beside flags and environment. */
  readonly configFile?: string;
  readonly workerId: string;
  readonly logLevel: LogLevel;
  /** False keeps containers after their task. */
  readonly cleanup: boolean;
  /** How long a failed task's container is kept, in milliseconds; 0 is not at all. */
  readonly keepFailedMs: number;
  /** What the first signal to end does. */
  readonly onStop: OnStop;
  /** How long a drain may last before it becomes a stop, in milliseconds; absent: as long as the tasks. */
  readonly drainTimeoutMs?: number;
  /** The worker drains once it has claimed so many; absent: never. */
  readonly maxTasks?: number;
  /** The worker ends when it has had no task for so long, in milliseconds. */
  readonly exitWhenIdleMs?: number;
  /** The worker drains when it has been up for so long, in milliseconds. */
  readonly maxUptimeMs?: number;
  readonly logFormat: LogFormat;
  /** Of the task's image and all sidecars. */
  readonly imagePullPolicy: ImagePullPolicy;
  /** Takes the place of the assigned `sidecar_image`, where there is one. */
  readonly sidecarImage?: string;
  /** `HOST:CONTAINER[:MODE]`, the file's first, then the flags'; no container path twice. */
  readonly volumes: readonly string[];
  /** Each name once; inherited ones are resolved, those that are not set are left out. */
  readonly environment: readonly EnvironmentVariable[];
  /** Names of variables of tasks whose values are no secrets. */
  readonly plainEnvironment: readonly string[];
  /** The image of a task that names none. */
  readonly defaultImage?: string;
  /** 0 is unlimited. */
  readonly maxConcurrentTasks: number;
  /** A duration in the plain form of `parseDuration`, such as `1h30m`; absent where the agent's own default holds. */
  readonly idleOnComplete?: string;
  /** `ws://` or `wss://`, without the query parameter of the worker's id. */
  readonly webSocketUrl: string;
  readonly serverRootUrl: string;
  readonly sessionSharingServerUrl?: string;
}

/** `stop`: the tasks are stopped; `drain`: they end by themselves; `detach`: they run on, for the next worker. */
export const ON_STOP = ["stop", "drain", "detach"] as const;
export type OnStop = (typeof ON_STOP)[number];

/** What holds where neither flag nor file says otherwise. */
export const DEFAULTS = {
  logLevel: "info",
  logFormat: "auto",
  onStop: "stop",
  keepFailedMs: 0,
  plainEnvironment: [] as readonly string[],
  cleanup: true,
  imagePullPolicy: "Always",
  maxConcurrentTasks: 0,
  webSocketUrl: "wss://oz.warp.dev/api/v1/selfhosted/worker/ws",
  serverRootUrl: "https://app.warp.dev",
} as const satisfies Partial<WorkerConfig>;

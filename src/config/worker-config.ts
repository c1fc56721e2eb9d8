import type { LogLevel } from "../support/log.ts";
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
  readonly workerId: string;
  readonly logLevel: LogLevel;
  /** False keeps containers after their task. */
  readonly cleanup: boolean;
  /** Of the task's image and all sidecars. */
  readonly imagePullPolicy: ImagePullPolicy;
  /** Takes the place of the assigned `sidecar_image`, where there is one. */
  readonly sidecarImage?: string;
  /** `HOST:CONTAINER[:MODE]`, the file's first, then the flags'; no container path twice. */
  readonly volumes: readonly string[];
  /** Each name once; inherited ones are resolved, those that are not set are left out. */
  readonly environment: readonly EnvironmentVariable[];
  /** 0 is unlimited. */
  readonly maxConcurrentTasks: number;
  /** A duration in the plain form of `parseDuration`, such as `1h30m`; absent where the agent's own default holds. */
  readonly idleOnComplete?: string;
  /** `ws://` or `wss://`, without the query parameter of the worker's id. */
  readonly webSocketUrl: string;
  readonly serverRootUrl: string;
  readonly sessionSharingServerUrl?: string;
}

/** What holds where neither flag nor file says otherwise. */
export const DEFAULTS = {
  logLevel: "info",
  cleanup: true,
  imagePullPolicy: "Always",
  maxConcurrentTasks: 0,
  webSocketUrl: "wss://oz.warp.dev/api/v1/selfhosted/worker/ws",
  serverRootUrl: "https://app.warp.dev",
} as const satisfies Partial<WorkerConfig>;

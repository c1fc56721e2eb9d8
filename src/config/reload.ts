import type { WorkerConfig } from "./worker-config.ts";

/** What operators call each setting: its key in the file, or its flag where it has none. */
export const SETTING_NAMES: Readonly<Record<keyof WorkerConfig, string>> = {
  apiKey: "the API key",
  apiKeyFile: "WARP_API_KEY_FILE",
  configFile: "--config-file",
  workerId: "worker_id",
  logLevel: "log_level",
  logFormat: "log_format",
  cleanup: "cleanup",
  keepFailedMs: "keep_failed",
  onStop: "on_stop",
  drainTimeoutMs: "drain_timeout",
  maxTasks: "max_tasks",
  exitWhenIdleMs: "exit_when_idle",
  maxUptimeMs: "max_uptime",
  maxConcurrentTasks: "max_concurrent_tasks",
  idleOnComplete: "idle_on_complete",
  imagePullPolicy: "backend.docker.image_pull_policy",
  defaultImage: "backend.docker.default_image",
  sidecarImage: "backend.docker.sidecar_image",
  volumes: "backend.docker.volumes",
  environment: "backend.docker.environment",
  plainEnvironment: "backend.docker.plain_environment",
  webSocketUrl: "--web-socket-url",
  serverRootUrl: "--server-root-url",
  sessionSharingServerUrl: "--session-sharing-server-url",
};

/** What the worker is bound to from its start to its end. */
const FIXED = ["apiKeyFile", "workerId", "logFormat", "webSocketUrl", "serverRootUrl"] as const;

/** What comes of settings that were read anew, by the names that operators know; no values: they may be secrets. */
export interface Reloaded {
  readonly config: WorkerConfig;
  readonly changed: readonly string[];
  /** What is written otherwise by now, and takes a restart. */
  readonly needRestart: readonly string[];
}

/** Joins settings that were read anew to those in force. */
export function reloaded(current: WorkerConfig, next: WorkerConfig): Reloaded {
  // A key in a file may be renewed: it is read before each dial.
  const isRenewed = current.apiKeyFile !== undefined && current.apiKeyFile === next.apiKeyFile;
  const isChanged = (key: keyof WorkerConfig) => JSON.stringify(current[key]) !== JSON.stringify(next[key]);
  const isFixed = (key: keyof WorkerConfig) => (key === "apiKey" ? !isRenewed : FIXED.some((fixed) => fixed === key));
  const keys = allKeys().filter(isChanged);
  const { apiKeyFile, workerId, logFormat, webSocketUrl, serverRootUrl } = current;
  const apiKey = isRenewed ? next.apiKey : current.apiKey;
  const named = (list: readonly (keyof WorkerConfig)[]) => list.map((key) => SETTING_NAMES[key]);
  return {
    config: {
      ...next,
      ...{ apiKey, workerId, logFormat, webSocketUrl, serverRootUrl },
      ...(apiKeyFile === undefined ? {} : { apiKeyFile }),
    },
    changed: named(keys.filter((key) => !isFixed(key))),
    needRestart: named(keys.filter(isFixed)),
  };
}

function allKeys(): readonly (keyof WorkerConfig)[] {
  return Object.keys(SETTING_NAMES).filter((key): key is keyof WorkerConfig => Object.hasOwn(SETTING_NAMES, key));
}

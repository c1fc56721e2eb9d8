import { cautions } from "./cautions.ts";
import { formatPath, readConfigFile } from "./config-file.ts";
import type { WorkerFile } from "./file-schema.ts";
import { findApiKey } from "./find-api-key.ts";
import { type GivenFlags, readGivenFlags } from "./given-flags.ts";
import { mergeEnvironment, mergeVolumes } from "./merge.ts";
import type { ReadFile } from "./read-file.ts";
import { SETTING_NAMES } from "./reload.ts";
import { WORKER_ID_TAKES } from "./setting-values.ts";
import { DEFAULTS, type WorkerConfig } from "./worker-config.ts";
import type { YamlPath } from "./yaml-document.ts";

export type { GivenFlags } from "./given-flags.ts";

/** Variables of the process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where each setting comes from, for people: a flag, a place of the file, a variable, or `default`. */
export type Origins = Readonly<Partial<Record<keyof WorkerConfig, string>>>;

/** A config to run with and what is worth a warning, or one line for each problem. */
export type Resolved =
  | { readonly kind: "config"; readonly config: WorkerConfig; readonly notices: readonly string[] }
  | { readonly kind: "problems"; readonly lines: readonly string[] };

/** What flags, file and environment say together, though a key or an id may be missing. */
export type Settings =
  | {
      readonly kind: "settings";
      readonly settings: Omit<WorkerConfig, "apiKey" | "workerId"> & Partial<Pick<WorkerConfig, "apiKey" | "workerId">>;
      readonly origins: Origins;
      /** One line for each that is required and is not there, or cannot be used. */
      readonly missing: readonly string[];
      readonly notices: readonly string[];
    }
  | { readonly kind: "problems"; readonly lines: readonly string[] };

/**
 * Joins flags, config file and defaults. Problems of the flags come first, all of them; then those of the file; then
 * what is missing. No line holds a secret.
 */
export function resolveConfig(given: GivenFlags, env: Environment, readFile?: ReadFile): Resolved {
  const resolved = resolveSettings(given, env, readFile);
  if (resolved.kind === "problems") return resolved;
  const { settings, missing, notices } = resolved;
  const { apiKey, workerId } = settings;
  if (apiKey === undefined || workerId === undefined) return { kind: "problems", lines: missing };
  return { kind: "config", config: { ...settings, apiKey, workerId }, notices };
}

/** The same, for who wants to see what is there and where it comes from. */
export function resolveSettings(given: GivenFlags, env: Environment, readFile?: ReadFile): Settings {
  const looked = readGivenFlags(given);
  if (looked.kind === "problems") return looked;
  const { flags } = looked;
  const { configPath, backend } = flags;
  const read =
    configPath === undefined
      ? undefined
      : readConfigFile(configPath, { backendIsChosen: backend !== undefined }, readFile);
  if (read?.kind === "problems") return read;
  const file: WorkerFile = read?.file ?? {};
  const docker = file.backend?.docker;
  const volumes = mergeVolumes(docker?.volumes ?? [], flags.volumes);
  if (!volumes.ok) return { kind: "problems", lines: [volumes.problem] };
  const environment = mergeEnvironment({
    file: docker?.environment ?? [],
    whereInFile: (index) => read?.whereIs(["backend", "docker", "environment", index]) ?? "",
    flags: flags.environment,
    env,
  });
  if (environment.kind === "problems") return environment;

  const origins: Partial<Record<keyof WorkerConfig, string>> = {};
  const placeOf = (name: string): string => {
    const path: YamlPath = name.split(".");
    return read?.whereIs(path).slice(0, -`: ${formatPath(path)}`.length) ?? "";
  };
  /** A flag wins over the file, the file over the default; where the winner stands is taken down. */
  function pick<K extends keyof WorkerConfig, V>(
    key: K,
    flag: V | undefined,
    inFile: V | null | undefined,
  ): V | undefined {
    const name = SETTING_NAMES[key];
    const isInFile = flag === undefined && inFile != null;
    origins[key] = flag !== undefined ? flagOf(name, given) : isInFile ? placeOf(name) : "default";
    return flag ?? inFile ?? undefined;
  }

  const key = findApiKey(flags.apiKey, env, readFile);
  origins.apiKey = key.origin;
  const workerId = pick("workerId", flags.workerId, file.worker_id);
  if (workerId === undefined) origins.workerId = "missing";
  const idLine = `--worker-id: required, here or as worker_id in the config file; it takes ${WORKER_ID_TAKES}`;
  const missing = [...(key.key.ok ? [] : [key.key.problem]), ...(workerId === undefined ? [idLine] : [])];
  const optional = {
    apiKey: key.key.ok ? key.key.value : undefined,
    apiKeyFile: key.file,
    configFile: pick("configFile", configPath, undefined),
    workerId,
    drainTimeoutMs: pick("drainTimeoutMs", flags.drainTimeoutMs, file.drain_timeout),
    maxTasks: pick("maxTasks", flags.maxTasks, file.max_tasks),
    exitWhenIdleMs: pick("exitWhenIdleMs", flags.exitWhenIdleMs, file.exit_when_idle),
    maxUptimeMs: pick("maxUptimeMs", flags.maxUptimeMs, file.max_uptime),
    defaultImage: pick("defaultImage", undefined, docker?.default_image),
    sidecarImage: pick("sidecarImage", undefined, docker?.sidecar_image),
    idleOnComplete: pick("idleOnComplete", flags.idleOnComplete, file.idle_on_complete),
    sessionSharingServerUrl: pick("sessionSharingServerUrl", flags.sessionSharingServerUrl, undefined),
  };
  pick("volumes", flags.volumes.length > 0 ? flags.volumes : undefined, docker?.volumes);
  pick("environment", flags.environment.length > 0 ? flags.environment : undefined, docker?.environment);
  const settings = {
    ...present(optional),
    logLevel: pick("logLevel", flags.logLevel, file.log_level) ?? DEFAULTS.logLevel,
    logFormat: pick("logFormat", flags.logFormat, file.log_format) ?? DEFAULTS.logFormat,
    cleanup: pick("cleanup", flags.cleanup, file.cleanup) ?? DEFAULTS.cleanup,
    keepFailedMs: pick("keepFailedMs", flags.keepFailedMs, file.keep_failed) ?? DEFAULTS.keepFailedMs,
    onStop: pick("onStop", flags.onStop, file.on_stop) ?? DEFAULTS.onStop,
    plainEnvironment: pick("plainEnvironment", undefined, docker?.plain_environment) ?? DEFAULTS.plainEnvironment,
    imagePullPolicy: pick("imagePullPolicy", undefined, docker?.image_pull_policy) ?? DEFAULTS.imagePullPolicy,
    volumes: volumes.value,
    environment: environment.variables,
    maxConcurrentTasks:
      pick("maxConcurrentTasks", flags.maxConcurrentTasks, file.max_concurrent_tasks) ?? DEFAULTS.maxConcurrentTasks,
    webSocketUrl: pick("webSocketUrl", flags.webSocketUrl, undefined) ?? DEFAULTS.webSocketUrl,
    serverRootUrl: pick("serverRootUrl", flags.serverRootUrl, undefined) ?? DEFAULTS.serverRootUrl,
  };
  const notices = [...(read?.notices ?? []), ...environment.notices, ...cautions(settings, env)];
  return { kind: "settings", settings, origins, missing, notices };
}

/** The flag that says so; one task and no more has a flag of its own. */
function flagOf(name: string, given: GivenFlags): string {
  const key = name.replace(/^.*\./, "");
  if (key === "max_tasks" && given["max-tasks"] === undefined) return "--one-shot";
  if (key === "environment") return "--env";
  return key.startsWith("--") ? key : `--${key.replaceAll("_", "-")}`;
}

/** Without the entries that have no value. */
function present<T extends object>(entries: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const kept = Object.entries(entries).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(kept) as { [K in keyof T]?: NonNullable<T[K]> };
}

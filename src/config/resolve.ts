import { API_KEY_FILE_VARIABLE, API_KEY_VARIABLE, API_KEY_WAY_OUT, parseApiKey, readApiKeyFile } from "./api-key.ts";
import { parseBackendName } from "./backend-name.ts";
import { cautions } from "./cautions.ts";
import { readConfigFile } from "./config-file.ts";
import { parseDuration, parseTime } from "./duration.ts";
import { parseEnvironmentEntry } from "./environment-entry.ts";
import type { WorkerFile } from "./file-schema.ts";
import { mergeEnvironment, mergeVolumes } from "./merge.ts";
import { type Parsed, parsed, refused } from "./parsed.ts";
import type { ReadFile } from "./read-file.ts";
import {
  parseCount,
  parseLogFormat,
  parseLogLevel,
  parseOnStop,
  parseServiceUrl,
  parseTasks,
  parseWorkerId,
  WORKER_ID_TAKES,
} from "./setting-values.ts";
import { parseVolume } from "./volume.ts";
import { DEFAULTS, type WorkerConfig } from "./worker-config.ts";

/** Variables of the process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A config to run with and what is worth a warning, or one line for each problem. */
export type Resolved =
  | { readonly kind: "config"; readonly config: WorkerConfig; readonly notices: readonly string[] }
  | { readonly kind: "problems"; readonly lines: readonly string[] };

/** The flags that take a value. */
type ValueFlag =
  | "api-key"
  | "worker-id"
  | "config-file"
  | "backend"
  | "log-level"
  | "log-format"
  | "keep-failed"
  | "on-stop"
  | "drain-timeout"
  | "max-tasks"
  | "exit-when-idle"
  | "max-uptime"
  | "volumes"
  | "env"
  | "max-concurrent-tasks"
  | "idle-on-complete"
  | "web-socket-url"
  | "server-root-url"
  | "session-sharing-server-url";

/** What a command line gives each flag, in the order it was given and not yet looked at; switches have `true` or `false`. */
export type GivenFlags = Partial<Readonly<Record<ValueFlag | "cleanup" | "one-shot", readonly string[]>>>;

/**
 * Joins flags, config file and defaults. Problems of the flags come first, all of them; then those of the file; then
 * what is missing. No line holds a secret.
 */
export function resolveConfig(given: GivenFlags, env: Environment, readFile?: ReadFile): Resolved {
  const lines: string[] = [];
  const all = <T>(name: ValueFlag, parse: (text: string) => Parsed<T>): T[] => {
    const texts = given[name] ?? [];
    return texts.flatMap((text, index) => {
      const result = parse(text);
      if (result.ok) return [result.value];
      lines.push(`--${name}${texts.length > 1 ? ` (number ${index + 1})` : ""}: ${result.problem}`);
      return [];
    });
  };
  const address =
    (...schemes: string[]) =>
    (text: string) =>
      parseServiceUrl(text, schemes);

  const apiKey = all("api-key", parseApiKey).at(-1);
  const workerId = all("worker-id", parseWorkerId).at(-1);
  const backend = all("backend", parseBackendName).at(-1);
  const logLevel = all("log-level", parseLogLevel).at(-1);
  const logFormat = all("log-format", parseLogFormat).at(-1);
  const keepFailed = all("keep-failed", (text) => parseTime(text)).at(-1);
  const onStop = all("on-stop", parseOnStop).at(-1);
  const drainTimeout = all("drain-timeout", (text) => parseTime(text)).at(-1);
  const maxTasks = all("max-tasks", parseTasks).at(-1);
  const exitWhenIdle = all("exit-when-idle", (text) => parseTime(text, 1_000)).at(-1);
  const maxUptime = all("max-uptime", (text) => parseTime(text, 1_000)).at(-1);
  const volumes = all("volumes", parseVolume);
  const environment = all("env", parseEnvironmentEntry);
  const maxConcurrentTasks = all("max-concurrent-tasks", parseCount).at(-1);
  const idleOnComplete = all("idle-on-complete", parseDuration).at(-1);
  const webSocketUrl = all("web-socket-url", address("ws", "wss")).at(-1);
  const serverRootUrl = all("server-root-url", address("http", "https")).at(-1);
  const sharingUrl = all("session-sharing-server-url", address("ws", "wss", "http", "https")).at(-1);
  const configPath = all("config-file", (text) => {
    return text.trim() === "" || text.includes("\0")
      ? refused("is blank; it takes the path of a YAML file")
      : parsed(text);
  }).at(-1);
  if (lines.length > 0) return { kind: "problems", lines };

  const read =
    configPath === undefined
      ? undefined
      : readConfigFile(configPath, { backendIsChosen: backend !== undefined }, readFile);
  if (read?.kind === "problems") return read;
  const file: WorkerFile = read?.file ?? {};
  const docker = file.backend?.docker;
  const mergedVolumes = mergeVolumes(docker?.volumes ?? [], volumes);
  if (!mergedVolumes.ok) return { kind: "problems", lines: [mergedVolumes.problem] };
  const mergedEnvironment = mergeEnvironment({
    file: docker?.environment ?? [],
    whereInFile: (index) => read?.whereIs(["backend", "docker", "environment", index]) ?? "",
    flags: environment,
    env,
  });
  if (mergedEnvironment.kind === "problems") return mergedEnvironment;

  const found = apiKey === undefined ? keyFrom(env, readFile) : { key: parsed(apiKey) };
  const { key } = found;
  const id = workerId ?? file.worker_id;
  const idLine = `--worker-id: required, here or as worker_id in the config file; it takes ${WORKER_ID_TAKES}`;
  if (!key.ok) lines.push(key.problem);
  if (id == null) lines.push(idLine);
  if (!key.ok || id == null) return { kind: "problems", lines };

  const cleanup = given.cleanup?.at(-1);
  const idle = idleOnComplete ?? file.idle_on_complete;
  const oneShot = given["one-shot"]?.at(-1) === "true" ? 1 : undefined;
  const optional = {
    drainTimeoutMs: drainTimeout ?? file.drain_timeout,
    maxTasks: maxTasks ?? oneShot ?? file.max_tasks,
    exitWhenIdleMs: exitWhenIdle ?? file.exit_when_idle,
    maxUptimeMs: maxUptime ?? file.max_uptime,
    defaultImage: docker?.default_image,
  };
  const config: WorkerConfig = {
    apiKey: key.value,
    ...(found.file === undefined ? {} : { apiKeyFile: found.file }),
    workerId: id,
    logLevel: logLevel ?? file.log_level ?? DEFAULTS.logLevel,
    cleanup: cleanup === undefined ? (file.cleanup ?? DEFAULTS.cleanup) : cleanup === "true",
    keepFailedMs: keepFailed ?? file.keep_failed ?? DEFAULTS.keepFailedMs,
    onStop: onStop ?? file.on_stop ?? DEFAULTS.onStop,
    logFormat: logFormat ?? file.log_format ?? DEFAULTS.logFormat,
    ...present(optional),
    plainEnvironment: docker?.plain_environment ?? DEFAULTS.plainEnvironment,
    ...(docker?.sidecar_image == null ? {} : { sidecarImage: docker.sidecar_image }),
    imagePullPolicy: docker?.image_pull_policy ?? DEFAULTS.imagePullPolicy,
    volumes: mergedVolumes.value,
    environment: mergedEnvironment.variables,
    maxConcurrentTasks: maxConcurrentTasks ?? file.max_concurrent_tasks ?? DEFAULTS.maxConcurrentTasks,
    ...(idle == null ? {} : { idleOnComplete: idle }),
    webSocketUrl: webSocketUrl ?? DEFAULTS.webSocketUrl,
    serverRootUrl: serverRootUrl ?? DEFAULTS.serverRootUrl,
    ...(sharingUrl === undefined ? {} : { sessionSharingServerUrl: sharingUrl }),
  };
  return {
    kind: "config",
    config,
    notices: [...(read?.notices ?? []), ...mergedEnvironment.notices, ...cautions(config, env)],
  };
}

/** Without the entries that have no value. */
function present<T extends object>(entries: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const kept = Object.entries(entries).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(kept) as { [K in keyof T]?: NonNullable<T[K]> };
}

/** A key of the environment, and the file that it stands in. */
interface FoundKey {
  readonly key: Parsed<string>;
  readonly file?: string;
}

function keyFrom(env: Environment, readFile: ReadFile | undefined): FoundKey {
  const text = env[API_KEY_VARIABLE];
  const file = env[API_KEY_FILE_VARIABLE];
  if (text !== undefined) {
    const key = parseApiKey(text);
    return { key: key.ok ? key : refused(`${API_KEY_VARIABLE} (or --api-key): ${key.problem}`) };
  }
  if (file !== undefined) return { key: readApiKeyFile(file, readFile), file };
  const places = `here, as ${API_KEY_VARIABLE} in the environment, or in a file that ${API_KEY_FILE_VARIABLE} names`;
  return { key: refused(`--api-key: required, ${places}; ${API_KEY_WAY_OUT}`) };
}

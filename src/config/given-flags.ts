import { parseApiKey } from "./api-key.ts";
import { parseBackendName } from "./backend-name.ts";
import { parseDuration, parseTime } from "./duration.ts";
import { parseEnvironmentEntry } from "./environment-entry.ts";
import { type Parsed, parsed, refused } from "./parsed.ts";
import {
  parseCount,
  parseLogFormat,
  parseLogLevel,
  parseOnStop,
  parseServiceUrl,
  parseTasks,
  parseWorkerId,
} from "./setting-values.ts";
import { parseVolume } from "./volume.ts";

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

/** What the flags say, each looked at; of one that was given more than once the last counts. */
export type FlagSettings = ReturnType<typeof parseAll>;

/** Reads all flags, or says what is wrong with them, a line each; no line shows a secret. */
export function readGivenFlags(
  given: GivenFlags,
): { readonly kind: "flags"; readonly flags: FlagSettings } | { readonly kind: "problems"; readonly lines: string[] } {
  const lines: string[] = [];
  const flags = parseAll(given, lines);
  return lines.length > 0 ? { kind: "problems", lines } : { kind: "flags", flags };
}

function parseAll(given: GivenFlags, lines: string[]) {
  const all = <T>(name: ValueFlag, parse: (text: string) => Parsed<T>): T[] => {
    const texts = given[name] ?? [];
    return texts.flatMap((text, index) => {
      const result = parse(text);
      if (result.ok) return [result.value];
      lines.push(`--${name}${texts.length > 1 ? ` (number ${index + 1})` : ""}: ${result.problem}`);
      return [];
    });
  };
  const last = <T>(name: ValueFlag, parse: (text: string) => Parsed<T>) => all(name, parse).at(-1);
  const address =
    (...schemes: string[]) =>
    (text: string) =>
      parseServiceUrl(text, schemes);
  const oneShot = given["one-shot"]?.at(-1) === "true" ? 1 : undefined;
  const cleanup = given.cleanup?.at(-1);
  return {
    apiKey: last("api-key", parseApiKey),
    workerId: last("worker-id", parseWorkerId),
    backend: last("backend", parseBackendName),
    logLevel: last("log-level", parseLogLevel),
    logFormat: last("log-format", parseLogFormat),
    cleanup: cleanup === undefined ? undefined : cleanup === "true",
    keepFailedMs: last("keep-failed", (text) => parseTime(text)),
    onStop: last("on-stop", parseOnStop),
    drainTimeoutMs: last("drain-timeout", (text) => parseTime(text)),
    maxTasks: last("max-tasks", parseTasks) ?? oneShot,
    exitWhenIdleMs: last("exit-when-idle", (text) => parseTime(text, 1_000)),
    maxUptimeMs: last("max-uptime", (text) => parseTime(text, 1_000)),
    volumes: all("volumes", parseVolume),
    environment: all("env", parseEnvironmentEntry),
    maxConcurrentTasks: last("max-concurrent-tasks", parseCount),
    idleOnComplete: last("idle-on-complete", parseDuration),
    webSocketUrl: last("web-socket-url", address("ws", "wss")),
    serverRootUrl: last("server-root-url", address("http", "https")),
    sessionSharingServerUrl: last("session-sharing-server-url", address("ws", "wss", "http", "https")),
    configPath: last("config-file", (text) =>
      text.trim() === "" || text.includes("\0") ? refused("is blank; it takes the path of a YAML file") : parsed(text),
    ),
  };
}

import type { ReadFile } from "../config/read-file.ts";
import { type Environment, type GivenFlags, resolveConfig } from "../config/resolve.ts";
import { DEFAULTS, type WorkerConfig } from "../config/worker-config.ts";
import { type Finding, fail, fromReason, ok } from "./finding.ts";

/** What is known of the worker's settings, be some of them wrong. */
export interface Settings extends Pick<WorkerConfig, "webSocketUrl" | "imagePullPolicy"> {
  /** Absent where there is none that could be used. */
  readonly apiKey?: string;
  readonly workerId?: string;
}

export interface ReadSettings {
  readonly findings: readonly Finding[];
  readonly settings: Settings;
}

/** In the place of what is missing or wrong, so that the rest can be looked at. Never sent anywhere. */
const STAND_INS = { "api-key": ["unknown-key"], "worker-id": ["unknown"] } as const;
/** What stands in, the least first. */
const TRIES: readonly (readonly (keyof typeof STAND_INS)[])[] = [
  [],
  ["api-key"],
  ["worker-id"],
  ["api-key", "worker-id"],
];

/** Reads the settings as the worker does. What it would refuse is a finding, and the other checks go on without that. */
export function readSettings(given: GivenFlags, env: Environment, readFile?: ReadFile): ReadSettings {
  const problems = new Set<string>();
  for (const missing of TRIES) {
    const standIns = Object.fromEntries(missing.map((name) => [name, STAND_INS[name]]));
    const resolved = resolveConfig({ ...given, ...standIns }, env, readFile);
    if (resolved.kind === "problems") {
      for (const line of resolved.lines) problems.add(line);
      continue;
    }
    const { apiKey, workerId, webSocketUrl, imagePullPolicy } = resolved.config;
    return {
      findings: [
        ...findingsOf([...problems], "api-key" in standIns),
        ...resolved.notices.map((notice) => fromReason("config", "warn", notice)),
      ],
      settings: {
        webSocketUrl,
        imagePullPolicy,
        ...("api-key" in standIns ? {} : { apiKey }),
        ...("worker-id" in standIns ? {} : { workerId }),
      },
    };
  }
  const { webSocketUrl, imagePullPolicy } = DEFAULTS;
  const isKeyWrong = [...problems].some(isAboutKey);
  return { findings: findingsOf([...problems], isKeyWrong), settings: { webSocketUrl, imagePullPolicy } };
}

function findingsOf(problems: readonly string[], isKeyWrong: boolean): readonly Finding[] {
  const others = problems.filter((line) => !isAboutKey(line));
  const config = others.length === 0 ? [ok("config", "flags and config file can be read")] : [];
  const key = isKeyWrong ? [] : [ok("key", "there is one, neither in quotes nor a placeholder")];
  return [
    ...config,
    ...others.map((line) => toFinding("config", line)),
    ...key,
    ...problems.filter(isAboutKey).map((line) => toFinding("key", line)),
  ];
}

function toFinding(check: string, line: string): Finding {
  const found = fromReason(check, "fail", line);
  return found.mend === undefined ? fail(check, line, "see oz-agent-worker --help for what it takes") : found;
}

function isAboutKey(line: string): boolean {
  return /^(--api-key|WARP_API_KEY(_FILE)?)\b/.test(line);
}

import { entryBytes, MAX_ENVIRONMENT_BYTES } from "../support/process-limits.ts";
import { AS_FILE, type EnvironmentEntry, entrySizeProblem } from "./environment-entry.ts";
import { type Parsed, parsed, refused } from "./parsed.ts";
import { oneLine } from "./shown.ts";
import type { Volume } from "./volume.ts";
import type { EnvironmentVariable } from "./worker-config.ts";

/** The file's volumes, then the flags'. Docker refuses a container path that is mounted twice, at every task: so do we, now. */
export function mergeVolumes(file: readonly Volume[], flags: readonly Volume[]): Parsed<readonly string[]> {
  const sources = new Map<string, string>();
  const described = [
    ...file.map((volume, index) => ({ volume, source: `backend.docker.volumes[${index}] of the config file` })),
    ...flags.map((volume, index) => ({ volume, source: `--volumes (number ${index + 1})` })),
  ];
  for (const { volume, source } of described) {
    const earlier = sources.get(volume.containerPath);
    if (earlier !== undefined) {
      const path = oneLine(volume.containerPath);
      return refused(`${source}: mounts ${path}, and so does ${earlier}; a container path takes one volume`);
    }
    sources.set(volume.containerPath, source);
  }
  return parsed(described.map(({ volume }) => volume.bind));
}

/** One entry of the file's `environment`; no value means inherited. */
export interface FileVariable {
  readonly name: string;
  readonly value?: string | null | undefined;
}

/** Where the variables of task containers come from. */
export interface EnvironmentSources {
  readonly file: readonly FileVariable[];
  /** Names an entry of the file by its place and path. */
  whereInFile(index: number): string;
  readonly flags: readonly EnvironmentEntry[];
  /** The worker's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The variables and what is worth a warning, or one line for each that no task could be started with. */
export type MergedEnvironment =
  | { readonly kind: "merged"; readonly variables: readonly EnvironmentVariable[]; readonly notices: readonly string[] }
  | { readonly kind: "problems"; readonly lines: readonly string[] };

/** The assignment's variables come on top, and need a quarter at least. */
const MAX_CONFIGURED_BYTES = (MAX_ENVIRONMENT_BYTES * 3) / 4;

/**
 * The variables of task containers: a flag wins over the file, a later flag over an earlier. Inherited ones get their
 * value from the worker's own environment; one that is not set there is left out, with a notice.
 */
export function mergeEnvironment({ file, whereInFile, flags, env }: EnvironmentSources): MergedEnvironment {
  const entries = new Map<string, { readonly value: string | undefined; readonly source: string }>();
  const notices: string[] = [];
  for (const [index, { name, value }] of file.entries()) {
    if (entries.has(name)) {
      notices.push(
        `backend.docker.environment[${index}] of the config file names ${oneLine(name)} again; the later entry wins`,
      );
    }
    entries.set(name, { value: value ?? undefined, source: whereInFile(index) });
  }
  for (const { name, value } of flags) entries.set(name, { value, source: "--env" });
  const variables: EnvironmentVariable[] = [];
  const lines: string[] = [];
  let allBytes = 0;
  let largest = { bytes: 0, name: "", source: "" };
  for (const [name, entry] of entries) {
    const value = entry.value ?? (Object.hasOwn(env, name) ? env[name] : undefined);
    if (value === undefined) {
      notices.push(
        `${oneLine(name)} is to be inherited and is not set in the worker's environment; tasks go without it`,
      );
      continue;
    }
    variables.push({ name, value });
    const problem = entrySizeProblem(name, value);
    if (problem !== undefined) lines.push(`${entry.source}: ${problem}`);
    const bytes = entryBytes(`${name}=${value}`);
    allBytes += bytes;
    if (bytes > largest.bytes) largest = { bytes, name, source: entry.source };
  }
  if (lines.length === 0 && allBytes > MAX_CONFIGURED_BYTES) {
    const much = `all configured variables together have ${allBytes} bytes, and tasks take at most ${MAX_CONFIGURED_BYTES}`;
    lines.push(`${largest.source}: ${much}; ${oneLine(largest.name)} is the largest (${largest.bytes}): ${AS_FILE}`);
  }
  return lines.length > 0 ? { kind: "problems", lines } : { kind: "merged", variables, notices };
}

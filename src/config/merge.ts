import type { EnvironmentEntry } from "./environment-entry.ts";
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

/**
 * The variables of task containers: a flag wins over the file, a later flag over an earlier. Inherited ones get their
 * value from `env`, the worker's own environment; one that is not set there is left out, with a notice.
 */
export function mergeEnvironment(
  file: readonly FileVariable[],
  flags: readonly EnvironmentEntry[],
  env: Readonly<Record<string, string | undefined>>,
): { readonly variables: readonly EnvironmentVariable[]; readonly notices: readonly string[] } {
  const values = new Map<string, string | undefined>();
  const notices: string[] = [];
  for (const [index, { name, value }] of file.entries()) {
    if (values.has(name)) {
      notices.push(
        `backend.docker.environment[${index}] of the config file names ${oneLine(name)} again; the later entry wins`,
      );
    }
    values.set(name, value ?? undefined);
  }
  for (const { name, value } of flags) values.set(name, value);
  const variables: EnvironmentVariable[] = [];
  for (const [name, given] of values) {
    const value = given ?? (Object.hasOwn(env, name) ? env[name] : undefined);
    if (value !== undefined) variables.push({ name, value });
    else
      notices.push(
        `${oneLine(name)} is to be inherited and is not set in the worker's environment; tasks go without it`,
      );
  }
  return { variables, notices };
}

import { API_KEY_VARIABLE } from "./api-key.ts";
import { OTHER_BACKENDS, otherBackendProblem } from "./backend-name.ts";
import { FILE_KEYS, kindOf } from "./file-schema.ts";
import { nearest } from "./nearest.ts";
import { alternatives } from "./shown.ts";
import type { YamlPath } from "./yaml-document.ts";

/** Something wrong at one place of the file. */
export interface FileProblem {
  readonly path: YamlPath;
  readonly at: "key" | "value";
  readonly message: string;
}

/** Where each known key belongs, for keys that stand at the wrong level. */
const HOMES: readonly { readonly path: YamlPath; readonly keys: readonly string[] }[] = [
  { path: [], keys: FILE_KEYS.top },
  { path: ["backend"], keys: FILE_KEYS.backend },
  { path: ["backend", "docker"], keys: FILE_KEYS.docker },
];

/** Lists where mappings belong, keys that nobody knows and backends that are not here, in the data of a file. */
export function structureProblems(data: unknown, options: { readonly backendIsChosen: boolean }): FileProblem[] {
  const backend = member(data, "backend");
  const docker = member(backend, "docker");
  const environment = member(docker, "environment");
  const items = Array.isArray(environment) ? environment : [];
  return [
    ...mappingProblems(data, [], FILE_KEYS.top),
    ...backendProblems(backend, options.backendIsChosen),
    ...mappingProblems(docker, ["backend", "docker"], FILE_KEYS.docker),
    ...items.flatMap((item, index) =>
      mappingProblems(item, ["backend", "docker", "environment", index], FILE_KEYS.environment),
    ),
  ];
}

/** The only backend that the file names, if it is one that is not built here. */
export function onlyOtherBackend(data: unknown): string | undefined {
  const names = backendNames(member(data, "backend"));
  const [name] = names;
  return names.length === 1 && name !== undefined && OTHER_BACKENDS.includes(name) ? name : undefined;
}

function backendProblems(backend: unknown, backendIsChosen: boolean): FileProblem[] {
  const path: YamlPath = ["backend"];
  const names = backendNames(backend);
  const strange = mappingProblems(backend, path, [...FILE_KEYS.backend, ...OTHER_BACKENDS]);
  if (names.length > 1) {
    const message = `takes at most one backend, not ${alternatives(names, "and")}; only docker is built here`;
    return [...strange, { path, at: "key", message }];
  }
  const [name] = names;
  if (name === undefined || name === "docker" || backendIsChosen) return strange;
  return [...strange, { path: [...path, name], at: "key", message: otherBackendProblem(name) }];
}

function backendNames(backend: unknown): string[] {
  return keysOf(backend).filter((key) => key === "docker" || OTHER_BACKENDS.includes(key));
}

function mappingProblems(value: unknown, path: YamlPath, known: readonly string[]): FileProblem[] {
  if (Array.isArray(value)) {
    return [{ path, at: "value", message: `takes a mapping (key: value), not ${kindOf(value)}` }];
  }
  return keysOf(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: [...path, key], at: "key", message: unknownKey(key, path, known) }));
}

function unknownKey(key: string, path: YamlPath, known: readonly string[]): string {
  if (["apikey", "warpapikey"].includes(key.toLowerCase().replace(/[-_ ]/g, ""))) {
    return `the API key is never read from the file, which is easily shared; set ${API_KEY_VARIABLE} or use --api-key`;
  }
  const near = nearest(key, known);
  if (near !== undefined) return `unknown key, did you mean ${near}?`;
  const home = HOMES.find((place) => place.path.join() !== path.join() && place.keys.includes(key));
  if (home !== undefined) return `unknown key here; it belongs at ${[...home.path, key].join(".")}`;
  if (path.length === 0 && OTHER_BACKENDS.includes(key)) return `unknown key here; ${otherBackendProblem(key)}`;
  return `unknown key; known here: ${known.filter((name) => !OTHER_BACKENDS.includes(name)).join(", ")}`;
}

function keysOf(value: unknown): string[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

import * as v from "valibot";
import { WorkerFile } from "./file-schema.ts";
import { type FileProblem, onlyOtherBackend, structureProblems } from "./file-structure.ts";
import { type ReadFile, readConfigBytes } from "./read-file.ts";
import { oneLine } from "./shown.ts";
import { type Place, readYaml, type YamlPath } from "./yaml-document.ts";

/** A config file that was read, or every problem it has, a line each: `FILE:LINE:COLUMN: PATH: what is wrong`. */
export type ConfigFile =
  | {
      readonly kind: "file";
      readonly file: WorkerFile;
      readonly notices: readonly string[];
      /** `FILE:LINE:COLUMN: PATH`, for what shows only when flags and environment are looked at as well. */
      whereIs(path: YamlPath): string;
    }
  | { readonly kind: "problems"; readonly lines: readonly string[] };

/**
 * Reads the YAML file at `path`. `backendIsChosen` says that `--backend` was given: it wins over a backend of another
 * kind in the file, whose section is left aside with a notice.
 */
export function readConfigFile(
  path: string,
  options: { readonly backendIsChosen: boolean },
  readFile: ReadFile = readConfigBytes,
): ConfigFile {
  const name = oneLine(path);
  const content = readFile(path);
  if (content.kind === "unreadable") {
    return { kind: "problems", lines: [`--config-file: ${name} cannot be read: ${content.reason}`] };
  }
  const text = decode(content.bytes);
  if (text === undefined) {
    return { kind: "problems", lines: [`${name}: takes YAML in UTF-8; this is another encoding or no text`] };
  }
  return checkConfigText(text, name, options);
}

function checkConfigText(text: string, name: string, options: { readonly backendIsChosen: boolean }): ConfigFile {
  const yaml = readYaml(text);
  const found = yaml.problems.map(({ place, message }) => ({ place, message }));
  // An empty file is null: everything is optional.
  const data = yaml.data === undefined ? {} : (yaml.data.value ?? {});
  const result = v.safeParse(WorkerFile, data);
  const structure = structureProblems(data, options);
  const isKnown = (path: YamlPath) => structure.some((problem) => isWithin(path, problem));
  const schema = (result.issues ?? [])
    .map((issue): FileProblem => ({ path: pathOf(issue), at: "value", message: issue.message }))
    .filter((problem) => !isKnown(problem.path));
  for (const { path, at, message } of [...structure, ...schema]) {
    const where = formatPath(path);
    found.push({ place: yaml.placeOf(path, at), message: where === "" ? message : `${where}: ${message}` });
  }
  const placed = (place: Place | undefined, rest: string) =>
    `${place === undefined ? name : `${name}:${place.line}:${place.column}`}: ${rest}`;
  if (found.length > 0 || !result.success) {
    const order = ({ place }: { place: Place | undefined }) => (place ? place.line * 1e6 + place.column : 0);
    const lines = found.toSorted((a, b) => order(a) - order(b)).map(({ place, message }) => placed(place, message));
    return { kind: "problems", lines };
  }
  const other = onlyOtherBackend(data);
  const notices =
    other === undefined ? [] : [`${name}: backend.${other} is left aside, since --backend docker wins over the file`];
  return {
    kind: "file",
    file: result.output,
    notices,
    whereIs: (path) => placed(yaml.placeOf(path, "value"), formatPath(path)),
  };
}

/** A list where a mapping belongs has all the problems below it, too: one line is enough. */
function isWithin(path: YamlPath, problem: FileProblem): boolean {
  return problem.at === "value" && problem.path.every((step, index) => path[index] === step);
}

function pathOf(issue: v.BaseIssue<unknown>): YamlPath {
  return (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
}

/** `backend.docker.environment[1].name`. */
export function formatPath(path: YamlPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    const key = /^[\w-]+$/.test(step) ? step : `"${oneLine(step)}"`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes); // drops a byte order mark
  } catch {
    return undefined;
  }
}

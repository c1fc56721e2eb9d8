import type { ReadFile } from "./read-file.ts";
import { type Environment, resolveSettings } from "./resolve.ts";

/** What is worth a warning in a config file, or a line for each of its problems. */
export type CheckedFile =
  | { readonly kind: "ok"; readonly notices: readonly string[] }
  | { readonly kind: "problems"; readonly lines: readonly string[] };

/** Looks at a config file as the worker's start does, whatever else the start needs. */
export function checkSettingsFile(path: string, env: Environment, readFile?: ReadFile): CheckedFile {
  const resolved = resolveSettings({ "config-file": [path] }, env, readFile);
  return resolved.kind === "problems" ? resolved : { kind: "ok", notices: resolved.notices };
}

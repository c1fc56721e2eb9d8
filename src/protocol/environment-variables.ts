import * as v from "valibot";
import { quoted } from "../support/printable.ts";

/** Far more than anybody sets; a process gets a pointer for each. */
const MAX_VARIABLES = 10_000;

/** Only the part before a `=`: what follows may be a value that went to the wrong place. */
function shown(key: string): string {
  return quoted(key.split("=", 1)[0] ?? "", 60);
}

function problemOf(key: string, value: unknown): string | undefined {
  if (key === "") return "a name is empty";
  if (key.includes("=")) return `the name that begins ${shown(key)} holds an equals sign`;
  if (key.includes("\0")) return `the name ${shown(key)} holds a NUL character`;
  if (typeof value !== "string") return `the value of ${shown(key)}: expected a string`;
  if (value.includes("\0")) return `the value of ${shown(key)} holds a NUL character`;
  return undefined;
}

/**
 * `env_vars`: a map of strings, as entries in their order. A plain object would lose names such as `__proto__`, which an
 * environment may hold. Names that no process could receive make it unreadable; values are never part of a message.
 */
export const EnvironmentVariables = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset, addIssue, NEVER }): (readonly [string, string])[] => {
    const input = dataset.value;
    if (typeof input !== "object" || input === null || Array.isArray(input)) {
      addIssue({ message: "expected an object of strings" });
      return NEVER;
    }
    const given = Object.entries(input);
    if (given.length > MAX_VARIABLES) {
      addIssue({ message: `expected at most ${MAX_VARIABLES} variables` });
      return NEVER;
    }
    const entries: (readonly [string, string])[] = [];
    for (const [key, value] of given) {
      const problem = problemOf(key, value);
      if (problem !== undefined) {
        addIssue({ message: problem });
        return NEVER;
      }
      if (typeof value === "string") entries.push([key, value]);
    }
    return entries;
  }),
);
export type EnvironmentVariables = v.InferOutput<typeof EnvironmentVariables>;

import { type Parsed, parsed, refused } from "./parsed.ts";
import { API_KEY_VARIABLE } from "./setting-values.ts";

/** What `-e` takes, for error lines and the help. */
export const ENVIRONMENT_TAKES = "KEY=VALUE, or KEY to inherit it from the worker's environment";

/** One variable for task containers. Without a value it is inherited from the worker's environment. */
export interface EnvironmentEntry {
  readonly name: string;
  readonly value: string | undefined;
}

/** Reads `KEY=VALUE` or `KEY`; the value may hold `=` and anything but NUL. Problems never show the entry: it may be a secret. */
export function parseEnvironmentEntry(text: string): Parsed<EnvironmentEntry> {
  if (text === "") return refused(`is empty; it takes ${ENVIRONMENT_TAKES}`);
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? undefined : text.slice(equals + 1);
  const problem = environmentNameProblem(name) ?? environmentValueProblem(value);
  if (problem !== undefined) return refused(`${problem}; it takes ${ENVIRONMENT_TAKES}`);
  const inherits = inheritProblem(name, value);
  if (inherits !== undefined) return refused(inherits);
  return parsed({ name, value });
}

/** What is wrong with a variable's name, as a phrase; undefined if nothing is. */
export function environmentNameProblem(name: string): string | undefined {
  if (name === "") return "has an empty key";
  if (/\s/u.test(name)) return "has a key with white space";
  if (/\p{Cc}/u.test(name)) return "has a key with a control character";
  if (name.includes("=")) return "has a key with a =";
  return undefined;
}

/** What is wrong with a variable's value, as a phrase; undefined if nothing is. */
export function environmentValueProblem(value: string | undefined): string | undefined {
  return value?.includes("\0") ? "has a value with a NUL character" : undefined;
}

/** The worker's own key never reaches a task by a slip; who wants that writes the value out. */
export function inheritProblem(name: string, value: string | undefined): string | undefined {
  if (value !== undefined || name !== API_KEY_VARIABLE) return undefined;
  return `would hand the worker's own API key to every task; ${API_KEY_VARIABLE} is not inherited, give it a value of its own`;
}

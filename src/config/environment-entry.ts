import { entryBytes, MAX_ENTRY_BYTES } from "../support/process-limits.ts";
import { API_KEY_VARIABLE } from "./api-key.ts";
import { type Parsed, parsed, refused } from "./parsed.ts";
import { oneLine } from "./shown.ts";

/** What `-e` takes, for error lines and the help. */
export const ENVIRONMENT_TAKES = "KEY=VALUE, or KEY to inherit it from the worker's environment";

/** One variable for task containers. Without a value it is inherited from the worker's environment. */
export interface EnvironmentEntry {
  readonly name: string;
  readonly value: string | undefined;
}

/** Reads `KEY=VALUE` or `KEY`; the value may hold `=` and anything but NUL. Problems never show a value: it may be a secret. */
export function parseEnvironmentEntry(text: string): Parsed<EnvironmentEntry> {
  if (text === "") return refused(`is empty; it takes ${ENVIRONMENT_TAKES}`);
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? undefined : text.slice(equals + 1);
  const problem = environmentNameProblem(name) ?? environmentValueProblem(value);
  if (problem !== undefined) return refused(`${problem}; it takes ${ENVIRONMENT_TAKES}`);
  const forbidden = forbiddenEntryProblem(name, value);
  if (forbidden !== undefined) return refused(forbidden);
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

/** Reads the name of a variable alone. */
export function parseVariableName(text: string): Parsed<string> {
  const problem = environmentNameProblem(text);
  return problem === undefined ? parsed(text) : refused(`${problem}; it takes the variable's name`);
}

/** What is wrong with a variable's value, as a phrase; undefined if nothing is. */
export function environmentValueProblem(value: string | undefined): string | undefined {
  return value?.includes("\0") ? "has a value with a NUL character" : undefined;
}

/** What is wrong with an entry of a good name and a good value, as a phrase; undefined if nothing is. */
export function forbiddenEntryProblem(name: string, value: string | undefined): string | undefined {
  if (name === TASK_ID_VARIABLE) {
    return `would set ${TASK_ID_VARIABLE}, which tells each task its own id; give the variable another name`;
  }
  // The worker's own key never reaches a task by a slip; who wants that writes the value out.
  if (value === undefined && name === API_KEY_VARIABLE) {
    return `would hand the worker's own API key to every task; ${API_KEY_VARIABLE} is not inherited, give it a value of its own`;
  }
  return value === undefined ? undefined : entrySizeProblem(name, value);
}

/** The way out for a variable that is too large. */
export const AS_FILE = "put it into a file and mount that as a volume";

/** The variable that the worker itself sets in each task. */
const TASK_ID_VARIABLE = "TASK_ID";

/** What is wrong with a variable that no process could be started with, as a phrase; undefined if nothing is. */
export function entrySizeProblem(name: string, value: string): string | undefined {
  const bytes = entryBytes(`${name}=${value}`);
  if (bytes <= MAX_ENTRY_BYTES) return undefined;
  return `would set ${oneLine(name)} to more than a process can be given (${bytes} bytes with its name, at most ${MAX_ENTRY_BYTES}); ${AS_FILE}`;
}

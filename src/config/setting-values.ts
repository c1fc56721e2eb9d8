import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../support/log.ts";
import { type Parsed, parsed, refused } from "./parsed.ts";
import { alternatives, hasUnprintable, shown } from "./shown.ts";
import { isUnfilled, withoutQuotes } from "./unfilled.ts";
import { ON_STOP, type OnStop } from "./worker-config.ts";

/** What a worker id is, for error lines and the help. */
export const WORKER_ID_TAKES = "a name that tasks are routed by, such as prod-runner-1";

/**
 * Reads a worker id, trimmed. What a tool should have filled in is no name, and ids that start with `warp` are Oz's own.
 * The prefix counts in exactly this spelling, as the contract has it: an id such as `Warp-ci` may be in use.
 */
export function parseWorkerId(text: string): Parsed<string> {
  const id = text.trim();
  if (id === "") return refused(`is blank; it takes ${WORKER_ID_TAKES}`);
  if (hasUnprintable(id)) return refused(`takes ${WORKER_ID_TAKES}, without control characters or line breaks`);
  if (isUnfilled(withoutQuotes(id))) {
    return refused(`takes ${WORKER_ID_TAKES}; ${shown(id)} holds a variable or a template that nothing has filled in`);
  }
  if (id.length > 1 && withoutQuotes(id).length === id.length - 2) {
    return refused(`takes ${WORKER_ID_TAKES}; ${shown(id)} stands in quotes, which would be part of the name`);
  }
  if (id.startsWith("warp")) {
    return refused(`takes ${WORKER_ID_TAKES}; names that start with warp are reserved, got ${shown(id)}`);
  }
  return parsed(id);
}

/** What a log level is, for error lines and the help. */
export const LOG_LEVEL_TAKES = alternatives(LOG_LEVELS);

/** Reads a log level, in any case. */
export function parseLogLevel(text: string): Parsed<LogLevel> {
  return oneOf(LOG_LEVELS, LOG_LEVEL_TAKES, text);
}

/** What a log format is, for error lines and the help. */
export const LOG_FORMAT_TAKES = alternatives(LOG_FORMATS);

/** Reads a log format, in any case. */
export function parseLogFormat(text: string): Parsed<LogFormat> {
  return oneOf(LOG_FORMATS, LOG_FORMAT_TAKES, text);
}

/** What `--on-stop` takes, for error lines and the help. */
export const ON_STOP_TAKES = alternatives(ON_STOP);

/** Reads what the first signal to end does, in any case. */
export function parseOnStop(text: string): Parsed<OnStop> {
  return oneOf(ON_STOP, ON_STOP_TAKES, text);
}

function oneOf<T extends string>(words: readonly T[], takes: string, text: string): Parsed<T> {
  const word = words.find((known) => known === text.trim().toLowerCase());
  return word === undefined ? refused(`takes ${takes}; got ${shown(text)}`) : parsed(word);
}

/** The largest task limit: the largest signed 32-bit number, far beyond any machine. */
export const LARGEST_COUNT = 2 ** 31 - 1;

/** What a task limit is, for error lines and the help. */
export const COUNT_TAKES = "a whole number, 0 (unlimited) or more";

/** Reads a task limit in plain decimal digits. */
export function parseCount(text: string): Parsed<number> {
  if (!/^\d+$/.test(text)) return refused(`takes ${COUNT_TAKES}; got ${shown(text)}`);
  const count = Number(text);
  if (count > LARGEST_COUNT) return refused(`takes ${COUNT_TAKES}, at most ${LARGEST_COUNT}; got ${shown(text)}`);
  return parsed(count);
}

/** What a number of tasks is, for error lines and the help. */
export const TASKS_TAKES = "a whole number, 1 or more";

/** Reads a number of tasks in plain decimal digits. */
export function parseTasks(text: string): Parsed<number> {
  const count = parseCount(text);
  return count.ok && count.value > 0 ? count : refused(`takes ${TASKS_TAKES}; got ${shown(text)}`);
}

/**
 * Reads an address of one of the `schemes` (`ws`, `https`, ...); the value is the text itself, trimmed.
 * Problems never show it: it may hold a password.
 */
export function parseServiceUrl(text: string, schemes: readonly string[]): Parsed<string> {
  const address = text.trim();
  const takes = `takes an address that starts with ${alternatives(schemes.map((scheme) => `${scheme}://`))}`;
  if (address === "") return refused(`is blank; it ${takes}`);
  const found = schemes.some((scheme) => address.toLowerCase().startsWith(`${scheme}://`));
  if (!found) return refused(takes);
  if (/[\s\p{Cc}]/u.test(address)) return refused(`${takes}, without white space`);
  const url = URL.parse(address);
  if (url === null || url.hostname === "") return refused(`${takes} and names a host`);
  if (url.username !== "" || url.password !== "") {
    return refused(`${takes}, without a user or password in it: the worker signs in with its API key`);
  }
  if (address.includes("#")) return refused(`${takes}, without a # part`);
  return parsed(address);
}

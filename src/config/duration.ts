import { type Parsed, parsed, refused } from "./parsed.ts";
import { shown } from "./shown.ts";

/** What a duration looks like, for error lines and the help. */
export const DURATION_TAKES = "a duration such as 45m, 1h30m or 0s";

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3, // U+00B5, the micro sign
  μs: 1e3, // U+03BC, the Greek letter
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
/** Durations are 64-bit nanoseconds where the agent comes from; this is some 292 years. */
const LONGEST_NANOSECONDS = 2 ** 63;

/**
 * Reads a duration as Go's `time.ParseDuration` takes it (https://pkg.go.dev/time#ParseDuration): numbers, fractions
 * allowed, each with a unit (`h`, `m`, `s`, `ms`, `us`, `ns`), or a bare `0`. Negative ones are refused.
 * The value is the text itself, trimmed.
 */
export function parseDuration(text: string): Parsed<string> {
  const trimmed = text.trim();
  if (trimmed === "") return refused(`is blank; it takes ${DURATION_TAKES}`);
  if (trimmed.startsWith("-")) {
    return refused(`takes ${DURATION_TAKES}, and none below zero; got ${shown(trimmed)}`);
  }
  const digits = trimmed.startsWith("+") ? trimmed.slice(1) : trimmed;
  if (digits === "0") return parsed(trimmed);
  const total = nanoseconds(digits);
  if (total === undefined) {
    const unit = /^[\d.]+$/.test(digits) ? " without a unit" : "";
    return refused(`takes ${DURATION_TAKES}; got ${shown(trimmed)}${unit}`);
  }
  if (total >= LONGEST_NANOSECONDS) return refused(`takes ${DURATION_TAKES}; ${shown(trimmed)} is too long`);
  return parsed(trimmed);
}

function nanoseconds(text: string): number | undefined {
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const found = PART.exec(text);
    if (found === null) return undefined;
    total += Number(found[1]) * (NANOSECONDS[found[2] ?? ""] ?? Number.NaN);
  }
  return text === "" ? undefined : total;
}

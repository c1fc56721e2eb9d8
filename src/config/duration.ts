import { type Parsed, parsed, refused } from "./parsed.ts";
import { shown } from "./shown.ts";

/** What a duration looks like, for error lines and the help. */
export const DURATION_TAKES = "a duration such as 45m, 1h30m or 0s";

/** The units of humantime's `parse_duration` (https://docs.rs/humantime), in nanoseconds; a month is 30.44 days. */
const UNITS: ReadonlyMap<string, bigint> = new Map(
  (
    [
      [1n, ["nanos", "nsec", "ns"]],
      [1_000n, ["usec", "us", "µs"]], // U+00B5, the micro sign
      [1_000_000n, ["millis", "msec", "ms"]],
      [1_000_000_000n, ["seconds", "second", "secs", "sec", "s"]],
      [60_000_000_000n, ["minutes", "minute", "mins", "min", "m"]],
      [3_600_000_000_000n, ["hours", "hour", "hrs", "hr", "h"]],
      [86_400_000_000_000n, ["days", "day", "d"]],
      [604_800_000_000_000n, ["weeks", "week", "wks", "wk", "w"]],
      [2_630_016_000_000_000n, ["months", "month", "M"]],
      [31_557_600_000_000_000n, ["years", "year", "yrs", "yr", "y"]],
    ] as const
  ).flatMap(([size, names]) => names.map((name) => [name, size] as const)),
);
/** The units of the plain form, large ones first. */
const PLAIN_UNITS = ["h", "m", "s", "ms", "us", "ns"] as const;
/** Some 292 years: what 64-bit nanoseconds hold. */
const LONGEST = 2n ** 63n;

/**
 * Reads a duration as the agent's own parser does, humantime: a sum of whole numbers with units, white space allowed
 * between all of them. The value is the one plain form of it: hours, minutes, seconds and parts of a second, each where it
 * is not zero (`1h30m`, `45m`, `0s`).
 */
export function parseDuration(text: string): Parsed<string> {
  const trimmed = text.trim();
  if (trimmed === "") return refused(`is blank; it takes ${DURATION_TAKES}`);
  const total = sumOf(trimmed, /\s*(\d+)\s*([a-zA-Zµ]+)/y);
  if (total === undefined) return refused(`takes ${DURATION_TAKES}; ${adviceOn(trimmed)}`);
  if (total >= LONGEST) return refused(`takes ${DURATION_TAKES}; ${shown(trimmed)} is too long`);
  return parsed(plainForm(total));
}

/**
 * Reads how long the worker itself is to wait or to keep something, in the same grammar; the value is in milliseconds,
 * `leastMs` at least.
 */
export function parseTime(text: string, leastMs = 0): Parsed<number> {
  const plain = parseDuration(text);
  if (!plain.ok) return plain;
  const ms = Number((sumOf(plain.value, /\s*(\d+)\s*([a-z]+)/y) ?? 0n) / 1_000_000n);
  if (ms >= leastMs) return parsed(ms);
  return refused(`takes ${DURATION_TAKES.replace(" or 0s", "")}, ${shownTime(leastMs)} at least; got ${shown(text)}`);
}

/** A time as a duration is written: `1h30m`. */
export function shownTime(ms: number): string {
  return plainForm(BigInt(Math.round(ms)) * 1_000_000n);
}

/** What is wrong with a text that is no duration, and what to write instead where that can be told. */
function adviceOn(text: string): string {
  const got = shown(text);
  if (text.startsWith("-")) return `none is below zero, got ${got}`;
  if (/^\+?0+(?:\.0*)?$/.test(text)) return `${got} has no unit, write 0s`;
  if (/^\d{1,9}$/.test(text))
    return `${got} has no unit, write ${Number(text)}m for minutes or ${Number(text)}s for seconds`;
  const meant = sumOf(text.replace(/^\+/, "").toLowerCase().replaceAll("μ", "µ"), /\s*(\d+\.?\d*|\.\d+)\s*([a-zµ]+)/y);
  if (meant !== undefined && meant < LONGEST) return `write ${plainForm(meant)} in place of ${got}`;
  return /\d$/.test(text) ? `${got} has a number without a unit` : `got ${got}`;
}

/** Nanoseconds of the parts, each a number and a unit; undefined where anything else stands in `text`. */
function sumOf(text: string, part: RegExp): bigint | undefined {
  if (text === "") return undefined;
  let total = 0n;
  while (part.lastIndex < text.length) {
    const [, number, unit] = part.exec(text) ?? [];
    const size = UNITS.get(unit ?? "");
    if (number === undefined || size === undefined) return undefined;
    const [whole = "", fraction = ""] = number.split(".");
    total += (BigInt(`${whole}${fraction}` || "0") * size) / 10n ** BigInt(fraction.length);
  }
  return total;
}

function plainForm(nanoseconds: bigint): string {
  let rest = nanoseconds;
  let text = "";
  for (const unit of PLAIN_UNITS) {
    const size = UNITS.get(unit) ?? 1n;
    if (rest >= size) text += `${rest / size}${unit}`;
    rest %= size;
  }
  return text || "0s";
}

import type { LogLevel } from "./log.ts";
import { escapeUnprintable, printableJson, quoted, shorten } from "./printable.ts";

/** Longest message and longest single value, in characters. */
export const MAX_TEXT_LENGTH = 2_000;

/** One event, its texts not yet made fit for a line. */
export interface LogEvent {
  readonly date: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: readonly (readonly [key: string, value: string | number | boolean])[];
}

/**
 * How events are written. `plain`: ISO time, level, message, `key=value`. `people`: the local time of day, without what says
 * nothing to people, broken at the terminal's width. `logfmt` and `json` are for machines.
 */
export interface LogStyle {
  readonly kind: "plain" | "people" | "logfmt" | "json";
  readonly colours?: boolean;
  /** Of the terminal; absent: lines are not broken. */
  readonly columns?: () => number;
  /** The journal has the time by itself, and takes the level as a prefix (sd-daemon(3)). */
  readonly isForJournal?: boolean;
  /** Left out where the journal has it anyhow. */
  readonly hasTime?: boolean;
}

const COLOURS: Readonly<Record<LogLevel, string>> = {
  debug: "\x1b[90m",
  info: "\x1b[36m",
  warn: "\x1b[33m",
  error: "\x1b[31m",
};
const DIM = "\x1b[2m";
const RESET = "\x1b[0m";
/** Priorities of syslog(3). */
const PRIORITIES: Readonly<Record<LogLevel, string>> = { debug: "<7>", info: "<6>", warn: "<4>", error: "<3>" };
/** Behind the time of day and the level. */
const INDENT = " ".repeat(15);
const MIN_COLUMNS = 40;
/** Of use to machines alone. */
const NOT_FOR_PEOPLE = new Set(["execution"]);

/** Nothing that a reader or a parser could take for the end of the value or for the next field. */
const BARE_VALUE = /^[^\s"'=\\\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+$/u;

/** An event as it is written, without the line's end. Only for people it may be more than one line. */
export function writtenEvent(event: LogEvent, style: LogStyle): string {
  const prefix = style.isForJournal === true && style.kind !== "json" ? PRIORITIES[event.level] : "";
  return `${prefix}${WRITERS[style.kind](event, style)}`;
}

type Writer = (event: LogEvent, style: LogStyle) => string;

const plain: Writer = ({ date, level, message, fields }, { colours = false, hasTime = true }) => {
  const name = paint(colours, COLOURS[level], level.toUpperCase());
  return joined(hasTime ? date.toISOString() : "", name, oneLine(message), shownFields(fields, colours));
};

const people: Writer = ({ date, level, message, fields }, { colours = false, columns, hasTime = true }) => {
  const time = hasTime ? paint(colours, DIM, timeOfDay(date)) : "";
  const name = paint(colours, COLOURS[level], level.toUpperCase().padEnd(5));
  const telling = columns === undefined ? fields : fields.filter(([key]) => !NOT_FOR_PEOPLE.has(key));
  const line = joined(time, name, oneLine(message), shownFields(telling, colours));
  return columns === undefined ? line : broken(line, Math.max(MIN_COLUMNS, columns()));
};

const logfmt: Writer = ({ date, level, message, fields }, { hasTime = true }) => {
  const time = hasTime ? `time=${date.toISOString()}` : "";
  return joined(time, `level=${level}`, `msg=${quoted(message, MAX_TEXT_LENGTH)}`, shownFields(fields, false));
};

const json: Writer = ({ date, level, message, fields }) => {
  const own = { time: date.toISOString(), level, msg: shorten(message, MAX_TEXT_LENGTH) };
  const others = fields.map(([key, value]) => [
    Object.hasOwn(own, key) ? `${key}_` : key,
    typeof value === "string" ? shorten(value, MAX_TEXT_LENGTH) : value,
  ]);
  return printableJson({ ...own, ...Object.fromEntries(others) });
};

const WRITERS: Readonly<Record<LogStyle["kind"], Writer>> = { plain, people, logfmt, json };

function oneLine(message: string): string {
  return escapeUnprintable(shorten(message, MAX_TEXT_LENGTH));
}

function shownFields(fields: LogEvent["fields"], colours: boolean): string {
  return fields
    .map(([key, value]) => `${paint(colours, DIM, `${key.replace(/[^\w.-]/g, "_")}=`)}${shownValue(String(value))}`)
    .join(" ");
}

function shownValue(text: string): string {
  return BARE_VALUE.test(text) && text.length <= MAX_TEXT_LENGTH ? text : quoted(text, MAX_TEXT_LENGTH);
}

function paint(colours: boolean, code: string, text: string): string {
  return colours && text !== "" ? `${code}${text}${RESET}` : text;
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}

function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** Breaks a line at its spaces; what follows stands below the message. A word that is too long stays whole. */
function broken(line: string, columns: number): string {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (current.trim() !== "" && visibleLength(longer) > columns) {
      lines.push(current);
      current = `${INDENT}${word}`;
    } else {
      current = longer;
    }
  }
  return [...lines, current].join("\n");
}

function visibleLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that this file itself writes.
  return text.replace(/\x1b\[\d+m/g, "").length;
}

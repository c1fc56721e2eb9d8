import { systemClock } from "./clock.ts";
import { LOG_LEVELS, type Log, type LogFields, type LogLevel } from "./log.ts";
import { escapeUnprintable, quoted, shorten } from "./printable.ts";

/** Longest message and longest single value, in characters. */
const MAX_TEXT_LENGTH = 2_000;

export interface LogOptions {
  /** Less urgent events are dropped. */
  readonly level: LogLevel | (() => LogLevel);
  /** Takes one whole line, its line break included. */
  readonly write: (line: string) => void;
  /** Local time of day instead of an ISO timestamp, and colours. */
  readonly terminal: boolean;
  /** Colours, where they differ from `terminal` (NO_COLOR). */
  readonly colours?: boolean;
  readonly now?: () => Date;
  /** A last filter for messages and values; the API key belongs here. */
  readonly redact?: (text: string) => string;
}

const COLOURS: Readonly<Record<LogLevel, string>> = {
  debug: "\x1b[90m",
  info: "\x1b[36m",
  warn: "\x1b[33m",
  error: "\x1b[31m",
};
const DIM = "\x1b[2m";
const RESET = "\x1b[0m";

/** Nothing that a reader or a parser could take for the end of the value or for the next field. */
const BARE_VALUE = /^[^\s"'=\\\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+$/u;

function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** A log that writes `time LEVEL message key=value …`; every event is exactly one line, whatever its texts hold. */
export function createLog(options: LogOptions): Log {
  const { level, write, terminal } = options;
  const colours = options.colours ?? terminal;
  const now = options.now ?? (() => new Date(systemClock.epoch()));
  const redact = options.redact ?? ((text: string) => text);
  const threshold = () => LOG_LEVELS.indexOf(typeof level === "function" ? level() : level);
  const paint = (code: string, text: string) => (colours && text !== "" ? `${code}${text}${RESET}` : text);

  const formatValue = (value: string | number | boolean): string => {
    const text = redact(String(value));
    return BARE_VALUE.test(text) && text.length <= MAX_TEXT_LENGTH ? text : quoted(text, MAX_TEXT_LENGTH);
  };

  const formatFields = (fields: LogFields): string => {
    const parts: string[] = [];
    for (const [key, value] of Object.entries(fields)) {
      if (value !== undefined) parts.push(`${paint(DIM, `${key.replace(/[^\w.-]/g, "_")}=`)}${formatValue(value)}`);
    }
    return parts.join(" ");
  };

  const emit = (eventLevel: LogLevel, message: string, fields: LogFields) => {
    if (LOG_LEVELS.indexOf(eventLevel) < threshold()) return;
    const time = terminal ? paint(DIM, timeOfDay(now())) : now().toISOString();
    const name = paint(COLOURS[eventLevel], eventLevel.toUpperCase().padEnd(terminal ? 5 : 0));
    const text = escapeUnprintable(shorten(redact(message), MAX_TEXT_LENGTH));
    const line = [time, name, text, formatFields(fields)].filter((part) => part !== "").join(" ");
    try {
      write(`${line}\n`);
    } catch {
      // A log that cannot be written must not end the work that it tells about.
    }
  };

  const withFields = (base: LogFields): Log => ({
    debug: (message, fields) => emit("debug", message, { ...base, ...fields }),
    info: (message, fields) => emit("info", message, { ...base, ...fields }),
    warn: (message, fields) => emit("warn", message, { ...base, ...fields }),
    error: (message, fields) => emit("error", message, { ...base, ...fields }),
    with: (fields) => withFields({ ...base, ...fields }),
  });
  return withFields({});
}

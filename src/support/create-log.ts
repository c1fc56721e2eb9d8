import { systemClock } from "./clock.ts";
import { LOG_LEVELS, type Log, type LogFields, type LogLevel } from "./log.ts";
import { type LogStyle, writtenEvent } from "./log-lines.ts";

export interface LogOptions {
  /** Less urgent events are dropped. */
  readonly level: LogLevel | (() => LogLevel);
  /** Takes one whole event, its line break included. */
  readonly write: (line: string) => void;
  readonly style: LogStyle;
  readonly now?: () => Date;
  /** A last filter for messages and values; the API key belongs here. */
  readonly redact?: (text: string) => string;
}

/** A log that writes each event as its style has it, whatever its texts hold. */
export function createLog(options: LogOptions): Log {
  const { level, write, style } = options;
  const now = options.now ?? (() => new Date(systemClock.epoch()));
  const redact = options.redact ?? ((text: string) => text);
  const threshold = () => LOG_LEVELS.indexOf(typeof level === "function" ? level() : level);

  const emit = (eventLevel: LogLevel, message: string, fields: LogFields) => {
    if (LOG_LEVELS.indexOf(eventLevel) < threshold()) return;
    const known = Object.entries(fields).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, typeof value === "string" ? redact(value) : value] as const],
    );
    const event = { date: now(), level: eventLevel, message: redact(message), fields: known };
    try {
      write(`${writtenEvent(event, style)}\n`);
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

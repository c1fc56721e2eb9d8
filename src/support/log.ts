/** Levels of `--log-level`, least to most urgent. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Formats of `--log-format`. `auto` is for people on a terminal, and one plain line an event elsewhere. */
export const LOG_FORMATS = ["auto", "text", "logfmt", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Facts beside a message. Never hand over a raw message, an environment or a credential: name single facts. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One line an event. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose every line carries these fields too. */
  with(fields: LogFields): Log;
}

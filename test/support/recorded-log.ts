import type { Log, LogFields, LogLevel } from "../../src/support/log.ts";

export interface RecordedLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines, for tests to look at. */
export interface RecordedLog extends Log {
  readonly lines: readonly RecordedLine[];
  /** Everything in one string, fields included: for asking what is not in it. */
  text(): string;
  /** The messages of one level. */
  messages(level: LogLevel): string[];
}

export function recordedLog(lines: RecordedLine[] = [], base: LogFields = {}): RecordedLog {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields: { ...base, ...fields } });
  return {
    lines,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => recordedLog(lines, { ...base, ...fields }),
    text: () => lines.map((line) => `${line.level} ${line.message} ${JSON.stringify(line.fields)}`).join("\n"),
    messages: (level) => lines.filter((line) => line.level === level).map((line) => line.message),
  };
}

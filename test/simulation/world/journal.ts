import type { Clock } from "../../../src/support/clock.ts";
import type { Log, LogFields, LogLevel } from "../../../src/support/log.ts";

/** What happened, line by line; nothing is kept unless somebody will read it. */
export class Journal {
  readonly lines: string[] = [];
  readonly #clock: Clock;
  readonly isKept: boolean;

  constructor(clock: Clock, isKept: boolean) {
    this.#clock = clock;
    this.isKept = isKept;
  }

  now(): number {
    return this.#clock.now();
  }

  note(line: string): void {
    if (this.isKept) this.lines.push(`${(this.#clock.now() / 1_000).toFixed(4)} ${line}`);
  }
}

/** A worker's log. What it says of its own defects is told to `onDefect`, whatever is kept. */
export function simulatedLog(journal: Journal, pid: number, onDefect: (message: string) => void): Log {
  const write = (level: LogLevel, message: string, fields: LogFields) => {
    if (level === "error" && /(defect|fault) of the worker/.test(message)) {
      onDefect(`${message} ${JSON.stringify(fields)}`);
    }
    if (journal.isKept) journal.note(`${pid} ${level}: ${message} ${JSON.stringify(fields)}`);
  };
  const withFields = (base: LogFields): Log => ({
    debug: (message, fields) => write("debug", message, { ...base, ...fields }),
    info: (message, fields) => write("info", message, { ...base, ...fields }),
    warn: (message, fields) => write("warn", message, { ...base, ...fields }),
    error: (message, fields) => write("error", message, { ...base, ...fields }),
    with: (fields) => withFields({ ...base, ...fields }),
  });
  return withFields({});
}

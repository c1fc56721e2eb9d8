import type { Clock, Timer } from "./clock.ts";
import type { Log, LogFields, LogLevel } from "./log.ts";

/** Lines of one message that are written one by one within a window; the others are counted. */
const LINES = 20;
const WINDOW_MS = 10_000;

/** A log for what others can cause as often as they like. */
export interface LimitedLog extends Log {
  /** Writes what was counted, and counts no more. */
  close(): void;
}

interface Window {
  readonly level: LogLevel;
  lines: number;
  leftOut: number;
  readonly timer: Timer;
}

/**
 * A log that writes a message 20 times in 10 s at most, whatever its fields are, and then says how often it came beyond that.
 * Messages are the program's own words, and so few: what comes from outside belongs into fields.
 */
export function limitLog(log: Log, clock: Clock): LimitedLog {
  const windows = new Map<string, Window>();

  function end(message: string): void {
    const window = windows.get(message);
    windows.delete(message);
    window?.timer.cancel();
    if (window === undefined || window.leftOut === 0) return;
    log[window.level](`${message}: ${window.leftOut} more like it in ${WINDOW_MS / 1000} s`);
  }

  function write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    let window = windows.get(message);
    if (window === undefined) {
      window = { level, lines: 0, leftOut: 0, timer: clock.after(WINDOW_MS, () => end(message)) };
      windows.set(message, window);
    }
    if (window.lines >= LINES) {
      window.leftOut += 1;
      return;
    }
    window.lines += 1;
    log[level](message, fields);
  }

  const withFields = (base: LogFields): Log => ({
    debug: (message, fields) => write("debug", message, { ...base, ...fields }),
    info: (message, fields) => write("info", message, { ...base, ...fields }),
    warn: (message, fields) => write("warn", message, { ...base, ...fields }),
    error: (message, fields) => write("error", message, { ...base, ...fields }),
    with: (fields) => withFields({ ...base, ...fields }),
  });
  return {
    ...withFields({}),
    close() {
      for (const message of [...windows.keys()]) end(message);
    },
  };
}

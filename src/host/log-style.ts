import { fstatSync } from "node:fs";
import type { LogFormat } from "../support/log.ts";
import type { LogStyle } from "../support/log-lines.ts";

/** Where a log is written to. */
export interface LogTarget {
  readonly isTerminal: boolean;
  readonly columns: () => number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `device:inode` of the descriptor; `undefined` where that cannot be told. */
  readonly identity: string | undefined;
}

const USUAL_COLUMNS = 80;

/** How a log is written in a format, to such a target (NO_COLOR, TERM; JOURNAL_STREAM of systemd.exec(5)). */
export function logStyle(format: LogFormat, { isTerminal, columns, env, identity }: LogTarget): LogStyle {
  const isForJournal = identity !== undefined && env.JOURNAL_STREAM === identity;
  if (format === "json" || format === "logfmt") return { kind: format, isForJournal };
  if (format === "auto" && !isTerminal) return { kind: "plain", isForJournal, hasTime: !isForJournal };
  const colours = isTerminal && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
  return {
    kind: "people",
    colours,
    isForJournal,
    ...(isTerminal ? { columns: () => columns() ?? USUAL_COLUMNS } : {}),
  };
}

/** The process's own standard error. */
export function standardError(): LogTarget {
  let identity: string | undefined;
  try {
    const { dev, ino } = fstatSync(2);
    identity = `${dev}:${ino}`;
  } catch {}
  return {
    isTerminal: process.stderr.isTTY === true,
    columns: () => process.stderr.columns,
    env: process.env,
    identity,
  };
}

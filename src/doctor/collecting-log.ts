import type { Log } from "../support/log.ts";

/** A log for rooms that warn by it: what is worth a warning becomes a finding. */
export interface CollectingLog {
  readonly log: Log;
  /** The warnings and errors so far. */
  lines(): readonly string[];
}

export function collectingLog(): CollectingLog {
  const lines: string[] = [];
  const take = (message: string) => void lines.push(message);
  const log: Log = { debug() {}, info() {}, warn: take, error: take, with: () => log };
  return { log, lines: () => [...lines] };
}

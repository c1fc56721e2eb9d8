import type { ReplayLine } from "./replay-line.ts";
import { counted, emptyTally, type Tally } from "./report.ts";
import { type RunReport, runLine } from "./run-line.ts";

/** One of so many equal parts of a list. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/**
 * Runs a share of a list, one after the other. What breaks off unseen in a run, as a rejection that nobody takes, is a problem
 * of that run.
 */
export async function runMany(lines: Iterable<ReplayLine>, share: Share): Promise<Tally> {
  const unseen: string[] = [];
  const onRejection = (reason: unknown) => void unseen.push(`unhandled: ${String(reason)}`);
  process.on("unhandledRejection", onRejection);
  let tally = emptyTally();
  let index = 0;
  try {
    for (const line of lines) {
      index += 1;
      if (index % share.of !== share.index) continue;
      const report = runLine(line);
      // Rejections are told when the turn is over.
      await new Promise((resolve) => setImmediate(resolve));
      tally = counted(tally, line, withUnseen(report, unseen.splice(0)));
    }
  } finally {
    process.off("unhandledRejection", onRejection);
  }
  return tally;
}

function withUnseen(report: RunReport, unseen: readonly string[]): RunReport {
  return unseen.length === 0 ? report : { ...report, problems: [...report.problems, ...unseen] };
}

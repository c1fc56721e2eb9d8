import { dirname } from "node:path";

/** Test files that one `bun test` runs, one after the other. */
export interface Batch {
  readonly name: string;
  readonly files: readonly string[];
}

/** What measures time, or takes every core by itself: beside other tests it would fail for their sake. */
const ALONE =
  /^test\/simulation\/|^test\/integration\/(claims|concurrency|hostile-oz|output|shutdown|survival-shutdown)\.|^test\/operator\/(hung-worker|strangers)\.|^test\/shipping\/binary\./;
/** Folders whose files take seconds each; of the others a folder is a batch. */
const SLOW = /^test\/(chaos|integration|operator|shipping)\//;
/** Those of them that take longest begin. */
const LONGEST = /^test\/(chaos\/chaos|integration\/survival-)/;

/** Shares test files out: those that have the machine to themselves, and those that may run side by side, slow ones first. */
export function planBatches(files: readonly string[]): {
  readonly alone: readonly Batch[];
  readonly beside: readonly Batch[];
} {
  const byName = new Map<string, string[]>();
  for (const file of files.toSorted((a, b) => rank(a) - rank(b))) {
    const isOwn = SLOW.test(file) || ALONE.test(file);
    const name = isOwn ? file : dirname(file);
    byName.set(name, [...(byName.get(name) ?? []), file]);
  }
  const batches = [...byName].map(([name, members]): Batch => ({ name, files: members }));
  return {
    alone: batches.filter(({ name }) => ALONE.test(name)),
    beside: batches.filter(({ name }) => !ALONE.test(name)),
  };
}

function rank(file: string): number {
  if (LONGEST.test(file)) return 0;
  return SLOW.test(file) ? 1 : 2;
}

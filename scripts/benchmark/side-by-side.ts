import type { BenchContext } from "./bench-context.ts";
import { median, spread } from "./statistics.ts";

/** Medians of two things that were measured in turn, in milliseconds. */
export interface Comparison {
  readonly worker: number;
  readonly bare: number;
  readonly rounds: number;
  readonly spread: number;
}

/**
 * Measures two things `rounds` times, in turn and each first half of the times, so that what changes on the machine
 * meanwhile meets both.
 */
export async function sideBySide(
  context: BenchContext,
  rounds: number,
  measureWorker: () => Promise<number>,
  measureBare: () => Promise<number>,
): Promise<Comparison> {
  const worker: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    context.interruption.throwIfAborted();
    if (round % 2 === 0) worker.push(await measureWorker());
    bare.push(await measureBare());
    if (round % 2 === 1) worker.push(await measureWorker());
  }
  return {
    worker: median(worker),
    bare: median(bare),
    rounds,
    spread: Math.max(spread(worker), spread(bare)),
  };
}

/** Time that something takes, in milliseconds. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
}

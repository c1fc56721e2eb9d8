import type { BenchContext } from "./bench-context.ts";
import type { Figure } from "./figure.ts";
import { measureColdSidecars } from "./measure-cold-sidecar.ts";
import { measureLoad, measureManyTasks, measureStart } from "./measure-process.ts";
import { measureBursts, measureFarRegistry, measureOneTask } from "./measure-tasks.ts";

/** One measurement; it may have several figures. */
export interface Measurement {
  /** What `--only` knows it by. */
  readonly name: string;
  readonly measure: (context: BenchContext) => Promise<Figure[]>;
  /** Only with `--long`. */
  readonly isLong?: true;
}

/** What the benchmark measures, in order. */
export const MEASUREMENTS: readonly Measurement[] = [
  { name: "one-task", measure: measureOneTask },
  { name: "bursts", measure: measureBursts },
  { name: "far-registry", measure: measureFarRegistry },
  { name: "cold-sidecars", measure: measureColdSidecars },
  { name: "start", measure: measureStart },
  { name: "load", measure: measureLoad },
  { name: "many-tasks", measure: measureManyTasks, isLong: true },
];

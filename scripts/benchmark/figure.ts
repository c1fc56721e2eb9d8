import * as v from "valibot";

/** What a figure may be at most, and what it should be; a ratio where there is something to compare with, else a value. */
const Limit = v.object({ mustHold: v.number(), goal: v.exactOptional(v.number()) });
export type Limit = v.InferOutput<typeof Limit>;

/** One line of the table: the worker's figure, and that of the bare calls in the same run. */
export const Figure = v.object({
  /** What `--only` and the data know it by. */
  name: v.string(),
  title: v.string(),
  unit: v.picklist(["ms", "MiB"]),
  worker: v.number(),
  /** What it is compared with, in the same unit. */
  bare: v.exactOptional(v.object({ what: v.string(), value: v.number() })),
  /** Of the ratio where there is a bare figure, else of the worker's own. */
  limit: v.exactOptional(Limit),
  /** How often each side was measured. */
  rounds: v.number(),
  /** Distance of the quartiles as a part of the median, the worse of both sides. */
  spread: v.exactOptional(v.number()),
  note: v.exactOptional(v.string()),
});
export type Figure = v.InferOutput<typeof Figure>;

/** The machine, as far as figures depend on it; nothing that would tell it from others of its kind. */
export const Machine = v.object({
  cpus: v.number(),
  cpuModel: v.string(),
  memoryGib: v.number(),
  engineVersion: v.string(),
  apiVersion: v.string(),
});
export type Machine = v.InferOutput<typeof Machine>;

/** What `--json` writes. */
export const Results = v.object({
  /** ISO 8601, a day. */
  date: v.string(),
  /** What the worker was built of, where that is known. */
  commit: v.exactOptional(v.string()),
  machine: Machine,
  figures: v.array(Figure),
});
export type Results = v.InferOutput<typeof Results>;

/** The worker's part of the bare figure; `undefined` where there is none. */
export function ratioOf(figure: Figure): number | undefined {
  return figure.bare === undefined ? undefined : figure.worker / figure.bare.value;
}

export type Verdict = "goal" | "holds" | "MISSED" | "";

/** How a figure stands to its limit; empty where it has none. */
export function verdictOf(figure: Figure): Verdict {
  if (figure.limit === undefined) return "";
  const value = ratioOf(figure) ?? figure.worker;
  if (figure.limit.goal !== undefined && value <= figure.limit.goal) return "goal";
  return value <= figure.limit.mustHold ? "holds" : "MISSED";
}

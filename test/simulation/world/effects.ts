import type { Journal } from "./journal.ts";
import type { SimProcess } from "./sim-process.ts";

/** What may go wrong at one effect of a worker: a call to the engine, or a frame to Oz. */
export const POINT_KINDS = [
  "kill-before",
  "kill-after",
  "lose-answer",
  "engine-away",
  "engine-restart",
  "engine-killed",
  "link-cut",
  "cancel",
  "shutdown",
  "detach",
  "drain",
  "suspend",
  "redeliver",
  "prune",
] as const;
export type PointKind = (typeof POINT_KINDS)[number];

/** Something that goes wrong at the effect of that number, counted from 1 over all workers. */
export interface FaultPoint {
  readonly kind: PointKind;
  readonly at: number;
}

/** One effect, from the moment at which a worker is about to have it. */
export interface Effect {
  /** To be asked once, when it is done and its answer about to leave. */
  isAnswerLost(): boolean;
}

const QUIET: Effect = { isAnswerLost: () => false };

/** Counts effects, and brings in what is to go wrong at them. */
export class Effects {
  readonly #points = new Map<number, PointKind>();
  readonly #bring: (kind: PointKind, process: SimProcess) => void;
  readonly #journal: Journal;
  /** What was done, in order. */
  readonly done: string[] = [];

  constructor(points: readonly FaultPoint[], bring: (kind: PointKind, process: SimProcess) => void, journal: Journal) {
    for (const { at, kind } of points) this.#points.set(at, kind);
    this.#bring = bring;
    this.#journal = journal;
  }

  /** A worker is about to do something; it may be dead when this returns. */
  begin(process: SimProcess, what: string): Effect {
    if (!process.isAlive) return QUIET;
    this.done.push(what);
    const count = this.done.length;
    const kind = this.#points.get(count);
    if (this.#journal.isKept) {
      this.#journal.note(`${process.pid} > ${count} ${what}${kind === undefined ? "" : ` (${kind})`}`);
    }
    if (kind === undefined) return QUIET;
    if (kind === "lose-answer") return { isAnswerLost: () => true };
    if (kind !== "kill-after" && kind !== "engine-killed") {
      this.#bring(kind, process);
      return QUIET;
    }
    return {
      isAnswerLost: () => {
        this.#bring(kind, process);
        return kind === "engine-killed";
      },
    };
  }
}

import type { Clock, Timer } from "../../src/support/clock.ts";

interface Scheduled {
  readonly due: number;
  readonly order: number;
  readonly action: () => void;
}

/** 2026-11-20T00:00:00Z */
const START_EPOCH_MS = 1_795_132_800_000;

/** A clock that stands still until a test moves it. Figures are milliseconds. */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #scheduled = new Set<Scheduled>();

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  epoch(): number {
    return START_EPOCH_MS + this.#now;
  }

  after(delayMs: number, action: () => void): Timer {
    const entry: Scheduled = { due: this.#now + Math.max(0, delayMs), order: this.#order++, action };
    this.#scheduled.add(entry);
    return { cancel: () => void this.#scheduled.delete(entry) };
  }

  /** Moves on, running what falls due at its own moment and in order; also what those actions schedule. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(); next !== undefined && next.due <= end; next = this.#next()) {
      this.#scheduled.delete(next);
      this.#now = next.due;
      next.action();
    }
    this.#now = end;
  }

  /** Time passes, and nothing runs: a process that is stopped, or a machine that sleeps. */
  standStill(ms: number): void {
    this.#now += ms;
  }

  /** How long until each timer that is set, soonest first. Empty: nothing is left behind. */
  pending(): number[] {
    return [...this.#scheduled].map((entry) => entry.due - this.#now).sort((a, b) => a - b);
  }

  #next(): Scheduled | undefined {
    let first: Scheduled | undefined;
    for (const entry of this.#scheduled) {
      if (first === undefined || entry.due < first.due || (entry.due === first.due && entry.order < first.order)) {
        first = entry;
      }
    }
    return first;
  }
}

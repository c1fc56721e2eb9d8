import { drainMicrotasks } from "bun:jsc";
import type { Clock, Timer } from "../../../src/support/clock.ts";
import { TimerHeap } from "./timer-heap.ts";

/** 2026-11-20T00:00:00Z */
const START_EPOCH_MS = 1_795_132_800_000;

/** How a run of the clock ended. */
export type RunEnd = "over" | "limit";

/**
 * Time that moves only when nothing is ready: promises are drained before each timer, and then the clock stands at the next
 * one. Timers of one instant run in the order in which they were set. Figures are milliseconds.
 */
export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap();
  #now = 0;
  #epochOffset = START_EPOCH_MS;

  now(): number {
    return this.#now;
  }

  epoch(): number {
    return Math.floor(this.#epochOffset + this.#now);
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#timers.add(this.#now + Math.max(0, delayMs), action);
  }

  /** Sets the calendar, and nothing else, by so much. */
  stepEpoch(ms: number): void {
    this.#epochOffset += ms;
  }

  /** Lets time go on until `isOver`, which is asked whenever nothing is ready, or until `limitMs` of this clock. */
  run(isOver: () => boolean, limitMs: number): RunEnd {
    for (;;) {
      drainMicrotasks();
      if (isOver()) return "over";
      const next = this.#timers.take(limitMs);
      if (next === undefined) {
        this.#now = Math.max(this.#now, limitMs);
        return "limit";
      }
      this.#now = Math.max(this.#now, next.due);
      next.action();
    }
  }
}

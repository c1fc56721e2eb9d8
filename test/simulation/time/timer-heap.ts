import type { Timer } from "../../../src/support/clock.ts";

interface Scheduled extends Timer {
  readonly due: number;
  readonly order: number;
  readonly action: () => void;
  isCancelled: boolean;
}

/** Timers by their time, and of one time by the order in which they came; what is cancelled is passed over. */
export class TimerHeap {
  readonly #heap: Scheduled[] = [];
  #order = 0;

  add(due: number, action: () => void): Timer {
    const one: Scheduled = {
      due,
      order: this.#order++,
      action,
      isCancelled: false,
      cancel() {
        one.isCancelled = true;
      },
    };
    const heap = this.#heap;
    heap.push(one);
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(one, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = one;
    return one;
  }

  /** The next one that is due by then, which is no longer in it. */
  take(limit: number): { readonly due: number; readonly action: () => void } | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.due > limit && !first.isCancelled) return undefined;
      this.#pop();
      if (!first.isCancelled) return first;
    }
    return undefined;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let below = heap[child];
      const right = heap[child + 1];
      if (below !== undefined && right !== undefined && isBefore(right, below)) {
        child += 1;
        below = right;
      }
      if (below === undefined || !isBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

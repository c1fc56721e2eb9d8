import type { Clock } from "./clock.ts";

/** Knows whether something urgent is under way, so that what is not urgent can give way. */
export interface Rush {
  /** Something urgent begins; the answer, called once or more often, ends it. */
  enter(): () => void;
  /** Resolves when nothing urgent is under way, at once if it is so, after `limitMs` at the latest. */
  over(limitMs: number): Promise<void>;
}

export function createRush(clock: Clock): Rush {
  const urgent = new Set<object>();
  const waiting = new Set<() => void>();
  return {
    enter() {
      const one = {};
      urgent.add(one);
      return () => {
        urgent.delete(one);
        if (urgent.size === 0) for (const resume of [...waiting]) resume();
      };
    },
    over(limitMs) {
      if (urgent.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const resume = () => {
          timer.cancel();
          waiting.delete(resume);
          resolve();
        };
        const timer = clock.after(limitMs, resume);
        waiting.add(resume);
      });
    },
  };
}

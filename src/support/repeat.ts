import type { Clock, Timer } from "./clock.ts";

/** Something that is done again and again. */
export interface Repeating {
  /** Does it now, unless it is being done. */
  now(): void;
  /** Ends the repetition; what is being done goes on to its end. */
  stop(): void;
}

/** Does `action` every `everyMs` milliseconds, counted from the end of the last time, never twice at once. */
export function repeat(clock: Clock, everyMs: number, action: () => Promise<void>): Repeating {
  let timer: Timer | undefined;
  let busy = false;
  let stopped = false;

  async function act(): Promise<void> {
    timer?.cancel();
    busy = true;
    try {
      await action();
    } finally {
      busy = false;
      if (!stopped) timer = clock.after(everyMs, run);
    }
  }
  function run(): void {
    // The action answers for its own failures.
    act().catch(() => {});
  }

  timer = clock.after(everyMs, run);
  return {
    now() {
      if (!busy && !stopped) run();
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

import type { Clock, Timer } from "./clock.ts";

/** Parts that a wait is counted in. */
const PARTS = 12;

/** Tells when nothing was heard for a time. */
export interface QuietTimer {
  /** Something was heard, or the wait begins: from now on it takes `ms`. */
  restart(ms: number): void;
  cancel(): void;
}

/**
 * A wait that is counted in parts, each from the end of the one before. A process that was stopped, or a machine that slept,
 * wakes to timers that are all due although nobody could have been heard: here that is one part, and no more.
 */
export function createQuietTimer(clock: Clock, onQuiet: () => void): QuietTimer {
  let timer: Timer | undefined;

  function wait(partMs: number, parts: number): void {
    timer = clock.after(partMs, () => {
      if (parts > 1) wait(partMs, parts - 1);
      else onQuiet();
    });
  }

  return {
    restart(ms) {
      timer?.cancel();
      wait(ms / PARTS, PARTS);
    },
    cancel: () => timer?.cancel(),
  };
}

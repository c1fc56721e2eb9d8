import type { Clock, Timer } from "../../../src/support/clock.ts";

const NO_TIMER: Timer = { cancel() {} };

/**
 * A process, as far as it acts: through its clock, and through what others deliver to it. One that was killed does nothing
 * any more; one that is suspended does it all when it goes on.
 */
export class SimProcess {
  readonly clock: Clock;
  /** Whether the process is there, suspended or not. */
  isAlive = true;
  /** Whether it ever stood still: what it had to do in time it may not have done. */
  wasSuspended = false;

  /** Whether it stands still at this moment. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }
  #isSuspended = false;
  readonly #waiting: (() => void)[] = [];
  readonly #onEnd: (() => void)[] = [];

  constructor(
    readonly pid: number,
    /** As the process table has it: clock ticks since boot. */
    readonly start: string,
    world: Clock,
  ) {
    this.clock = {
      now: () => world.now(),
      epoch: () => world.epoch(),
      after: (delayMs, action) => {
        if (!this.isAlive) return NO_TIMER;
        let isCancelled = false;
        const run = () => {
          if (!isCancelled) action();
        };
        const timer = world.after(delayMs, () => this.deliver(run));
        return {
          cancel() {
            isCancelled = true;
            timer.cancel();
          },
        };
      },
    };
  }

  /** Has the process do something: now, when it goes on, or never. */
  deliver(action: () => void): void {
    if (!this.isAlive) return;
    if (this.#isSuspended) this.#waiting.push(action);
    else action();
  }

  /** Is called once, when the process ends. */
  onEnd(action: () => void): void {
    this.#onEnd.push(action);
  }

  /** The end of it, in whatever it is doing. */
  end(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const action of this.#onEnd) action();
  }

  suspend(): void {
    this.wasSuspended = true;
    this.#isSuspended = true;
  }

  resume(): void {
    this.#isSuspended = false;
    for (const action of this.#waiting.splice(0)) this.deliver(action);
  }
}

/** A timer that its owner can end. */
export interface Timer {
  cancel(): void;
}

/** The time, as every room sees it: tests pass a manual one. All figures are milliseconds. */
export interface Clock {
  /** Milliseconds of a clock that never runs backwards; only differences mean something. */
  now(): number;
  /** Milliseconds since 1970, for what is told to others. It may jump either way: nothing is measured by it. */
  epoch(): number;
  /** Runs `action` once after `delayMs`, unless cancelled before. */
  after(delayMs: number, action: () => void): Timer;
}

/** The process's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  after(delayMs, action) {
    const handle = setTimeout(action, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** CLOCK_MONOTONIC of the machine in microseconds, as service managers compare it: what `hrtime` reads on Linux. */
export function monotonicMicroseconds(): string {
  return String(process.hrtime.bigint() / 1_000n);
}

/** Runs `action` once after `delayMs` of the process's own clock, unless the process has nothing else to do and ends before. */
export function unlessDone(delayMs: number, action: () => void): void {
  setTimeout(action, delayMs).unref();
}

/** A signal that aborts after `delayMs`, unless `cancel` was called before. */
export function abortAfter(clock: Clock, delayMs: number): Timer & { readonly signal: AbortSignal } {
  const abort = new AbortController();
  const timer = clock.after(delayMs, () => abort.abort(new DOMException("the time is over", "TimeoutError")));
  return { signal: abort.signal, cancel: () => timer.cancel() };
}

/** Waits `delayMs`; resolves early, without an error, when `signal` aborts. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = () => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}

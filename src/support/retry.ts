import { type Clock, pause } from "./clock.ts";

/** How a try has ended: with a value, which may tell of a failure as well, or with an error. */
export type Attempted<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** What follows a try: nothing, another one after the policy's delay, or another one after a delay of this failure's own. */
export type Verdict = "final" | "again" | { readonly afterMs: number };

/** Which tries are made, as data. */
export interface RetryPolicy<T> {
  /** Tries in all, the first one among them; 1 or more, perhaps without end. */
  readonly attempts: number;
  /** Milliseconds before the second try, the third and so on; the last figure holds for all that follow. */
  readonly delaysMs: readonly number[];
  /** The share of these delays, 0 to 1, that chance may take away. Default 0. A failure's own delay stays as it is. */
  readonly jitter?: number;
  /** No further try begins later than this many milliseconds after the first one; one that runs is not cut. */
  readonly limitMs?: number;
  /** `failures` counts the tries so far, this one among them. */
  readonly judge: (attempted: Attempted<T>, failures: number) => Verdict;
}

export interface RetryOptions<T> {
  readonly policy: RetryPolicy<T>;
  readonly clock: Clock;
  /** Gives the asker back at once, also out of a try that does not heed it. */
  readonly signal?: AbortSignal;
  /** Milliseconds that count towards the limit, where it is not all time since the beginning. */
  readonly elapsedMs?: () => number;
  /** Is told of each try that another one will follow. */
  readonly onRetry?: (attempted: Attempted<T>, delayMs: number) => void;
  /** 0 to 1, for the jitter. */
  readonly random?: () => number;
}

/**
 * Does something until its policy is content or has no further try. Resolves or rejects as the last try did, or rejects
 * with the signal's reason. The action is told how many tries have failed before.
 */
export async function retry<T>(options: RetryOptions<T>, action: (failures: number) => Promise<T>): Promise<T> {
  const { policy, clock, signal } = options;
  const begunAt = clock.now();
  const elapsedMs = options.elapsedMs ?? (() => clock.now() - begunAt);
  for (let failures = 1; ; failures += 1) {
    if (signal?.aborted) throw signal.reason;
    const attempted = await orAborted(attempt(action, failures - 1), signal);
    const delayMs = delayAfter(policy, attempted, failures, options.random ?? Math.random);
    if (delayMs === undefined || elapsedMs() + delayMs > (policy.limitMs ?? Number.POSITIVE_INFINITY)) {
      if (attempted.ok) return attempted.value;
      throw attempted.error;
    }
    options.onRetry?.(attempted, delayMs);
    await pause(clock, delayMs, signal);
  }
}

async function attempt<T>(action: (failures: number) => Promise<T>, failures: number): Promise<Attempted<T>> {
  try {
    return { ok: true, value: await action(failures) };
  } catch (error) {
    return { ok: false, error };
  }
}

function delayAfter<T>(
  { attempts, delaysMs, jitter = 0, judge }: RetryPolicy<T>,
  attempted: Attempted<T>,
  failures: number,
  random: () => number,
): number | undefined {
  const verdict = judge(attempted, failures);
  if (verdict === "final" || failures >= attempts) return undefined;
  if (verdict !== "again") return verdict.afterMs;
  return (delaysMs[failures - 1] ?? delaysMs.at(-1) ?? 0) * (1 - jitter * random());
}

/** What comes of something that never rejects, unless the signal aborts before. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    void work.then((value) => {
      signal.removeEventListener("abort", onAbort);
      resolve(value);
    });
  });
}

import type { Clock } from "../../support/clock.ts";
import { type Attempted, retry, type Verdict } from "../../support/retry.ts";
import type { PullFailure } from "./pull-failure.ts";
import type { PullNotice } from "./pull-notice.ts";

/** A registry that was asked for so long is not asked again: with the silence of a last try, all ends within 5 minutes. */
const ASKED_LIMIT_MS = 160_000;
/** A limit by the second is over by then, one by the hour is not for a task to wait for. */
const LIMIT_DELAY_MS = 20_000;
const MAX_LIMIT_DELAY_MS = 60_000;
const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ["ns", 1e-6],
  ["µs", 1e-3],
  ["us", 1e-3],
  ["ms", 1],
  ["", 1000],
  ["s", 1000],
  ["m", 60_000],
]);

/** Which pulls are tried again, as data. */
export interface PullRetries {
  /** As in a `RetryPolicy`. */
  readonly attempts: number;
  readonly delaysMs: readonly number[];
  readonly verdict: (failure: PullFailure, failures: number) => Verdict;
}

/** Of a pull with the logins that there are by then. */
export const PULL_RETRIES: PullRetries = { attempts: 4, delaysMs: [1000, 3000, 6000], verdict: verdictOn };
/** Of one that has its place among the pulls at once: it keeps it where the registry falls silent, and asks once more. */
export const SILENCE_RETRIES: PullRetries = {
  attempts: 2,
  delaysMs: [1000],
  verdict: ({ kind }) => (kind === "silent" ? "again" : "final"),
};

export interface PullTries<T> {
  readonly clock: Clock;
  readonly notice: PullNotice;
  readonly signal: AbortSignal;
  /** The failure in an answer. */
  readonly failureOf: (value: T) => PullFailure | undefined;
}

/** Pulls, again where that may help, and says so. Resolves or rejects as the last try did, or with the signal's reason. */
export function tryPulls<T>(
  { attempts, delaysMs, verdict }: PullRetries,
  { clock, notice, signal, failureOf }: PullTries<T>,
  pull: (failures: number) => Promise<T>,
): Promise<T> {
  const failed = (attempted: Attempted<T>) => (attempted.ok ? failureOf(attempted.value) : undefined);
  return retry<T>(
    {
      policy: {
        attempts,
        delaysMs,
        limitMs: ASKED_LIMIT_MS,
        judge(attempted, failures) {
          const failure = failed(attempted);
          return failure === undefined ? "final" : verdict(failure, failures);
        },
      },
      clock,
      signal,
      elapsedMs: notice.askedMs,
      onRetry(attempted, delayMs) {
        const failure = failed(attempted);
        if (failure !== undefined) notice.again(failure, delayMs);
      },
    },
    pull,
  );
}

/**
 * Whether a pull that has failed that often may go better. A registry's `Retry-After` is not among what engines hand on;
 * what some say in its place in their words is honoured.
 */
function verdictOn({ kind, said, isForeign }: PullFailure, failures: number): Verdict {
  if (kind === "limited") return failures === 1 ? limitDelay(said) : "final";
  // A denial by nobody knows whom takes as long as no answer: the time tells nothing either.
  const isPassing = isForeign || kind === "unreachable" || kind === "damaged" || kind === "removed";
  return isPassing ? "again" : "final";
}

function limitDelay(said: string): Verdict {
  const [, amount = "", unit = ""] = /retry[- ]after:? (\d+(?:\.\d+)?)([nuµm]?s|m)?\b/i.exec(said) ?? [];
  if (amount === "") return { afterMs: LIMIT_DELAY_MS };
  const afterMs = Math.max(1000, Number(amount) * (UNITS_MS.get(unit.toLowerCase()) ?? 1000));
  return afterMs > MAX_LIMIT_DELAY_MS ? "final" : { afterMs };
}

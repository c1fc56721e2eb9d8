export const FIRST_DELAY_MS = 1_000;
export const MAX_DELAY_MS = 60_000;
const SPREAD = 0.2;

/** Delays between dials: 1 s, doubling to at most 60 s, each within 20 % of that and never above 60 s. */
export interface Backoff {
  /** The next delay in milliseconds; not less than what the server asked for, as far as that is below a minute. */
  next(askedMs?: number): number;
  /** Back to the first delay. */
  reset(): void;
}

/** `random` gives numbers from 0 to below 1. */
export function createBackoff(random: () => number = Math.random): Backoff {
  let base = FIRST_DELAY_MS;
  // At the top the spread lies below it: workers that lost the same server must not come back at one instant.
  const between = (low: number, high: number) => {
    const top = Math.min(high, MAX_DELAY_MS);
    const bottom = Math.min(low, MAX_DELAY_MS * (1 - SPREAD));
    return Math.round(bottom + (top - bottom) * random());
  };
  return {
    next(askedMs = 0) {
      const own = between(base * (1 - SPREAD), base * (1 + SPREAD));
      base = Math.min(base * 2, MAX_DELAY_MS);
      if (askedMs <= own) return own;
      return askedMs >= MAX_DELAY_MS ? MAX_DELAY_MS : between(askedMs, askedMs * (1 + SPREAD));
    },
    reset() {
      base = FIRST_DELAY_MS;
    },
  };
}

/**
 * Milliseconds of a `Retry-After` header: seconds or an HTTP date (RFC 9110, 10.2.3). Undefined for anything else.
 * `nowMs` is milliseconds since the epoch.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  if (!/^[A-Z][a-z]{2}, /.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

import type { Clock } from "../support/clock.ts";
import { messageOf } from "../support/message-of.ts";
import { type Finding, fail } from "./finding.ts";

/** How long a check may take. */
export const CHECK_LIMIT_MS = 5_000;
/** Before that the work is asked to end by itself, so that it can say what it was at. */
const MARGIN_MS = 300;

/** One check with its limit. */
export interface Limited {
  readonly clock: Clock;
  readonly check: string;
  /** What the check waits for, for the words about one that hangs: `the proxy`. */
  readonly waitsFor: string;
  readonly limitMs?: number;
}

/**
 * Does the work of a check and answers its findings: one that hangs, or breaks off, is a finding itself. Never rejects. The
 * signal aborts shortly before the limit.
 */
export async function limited(
  { clock, check, waitsFor, limitMs = CHECK_LIMIT_MS }: Limited,
  work: (signal: AbortSignal) => Promise<Finding | readonly Finding[]>,
): Promise<readonly Finding[]> {
  const abort = new AbortController();
  const late = Promise.withResolvers<Finding>();
  const soft = clock.after(limitMs - MARGIN_MS, () => abort.abort());
  const hard = clock.after(limitMs, () => {
    const mend = `see whether ${waitsFor} hangs, or a firewall drops what is sent to it`;
    late.resolve(fail(check, `no answer of ${waitsFor} within ${limitMs / 1_000} s: the check hangs`, mend));
  });
  try {
    const found = await Promise.race([work(abort.signal), late.promise]);
    return "check" in found ? [found] : found;
  } catch (error) {
    return [fail(check, `the check broke off: ${messageOf(error)}`)];
  } finally {
    soft.cancel();
    hard.cancel();
    abort.abort();
  }
}

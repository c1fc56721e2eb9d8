import { type Finding, fail, ok, skip } from "./finding.ts";

/** An answer's own time, and this machine's while it was asked for, in milliseconds since 1970. */
export interface ClockFacts {
  /** The `Date` header. */
  readonly date: string | null;
  readonly askedAt: number;
  readonly answeredAt: number;
}

const MAX_OFF_MS = 60_000;

/** Judges this machine's clock by what an answer of Oz says. */
export function judgeClock(facts: ClockFacts | undefined): Finding {
  if (facts === undefined) return skip("clock", "Oz gave no answer to read the time from");
  const told = Date.parse(facts.date ?? "");
  if (Number.isNaN(told)) return skip("clock", "Oz's answer does not say what time it is");
  // Whole seconds are told; the answer was made somewhere between the question and its end.
  const behindMs = told - facts.answeredAt;
  const aheadMs = facts.askedAt - (told + 1_000);
  const offMs = Math.max(0, behindMs, aheadMs);
  const seconds = Math.round(offMs / 1_000);
  if (offMs <= MAX_OFF_MS) return ok("clock", seconds === 0 ? "agrees with Oz's" : `${seconds} s off Oz's`);
  const way = behindMs > 0 ? "behind" : "ahead of";
  return fail(
    "clock",
    `this machine's clock is ${seconds} s ${way} Oz's: certificates and tokens will not hold`,
    "set it, and have it kept by NTP (timedatectl set-ntp true)",
  );
}

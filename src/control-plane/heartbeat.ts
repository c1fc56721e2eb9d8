export const PING_EVERY_MS = 30_000;
export const SILENCE_LIMIT_MS = 60_000;

/** What a link has seen, in milliseconds of one clock. */
export interface Pulse {
  /** When anything came in last: a frame, a ping or a pong; at first when the link opened. */
  readonly heardAt: number;
  readonly pingedAt: number;
}

/** What to do now, and when to ask again. */
export type HeartbeatStep =
  | { readonly action: "give-up" }
  | { readonly action: "ping" | "wait"; readonly againInMs: number };

/** A ping every 30 s; a link that was silent for 60 s is dead (spec, section 4). */
export function heartbeatStep(now: number, pulse: Pulse): HeartbeatStep {
  const deadInMs = pulse.heardAt + SILENCE_LIMIT_MS - now;
  if (deadInMs <= 0) return { action: "give-up" };
  const pingInMs = pulse.pingedAt + PING_EVERY_MS - now;
  if (pingInMs > 0) return { action: "wait", againInMs: Math.min(pingInMs, deadInMs) };
  return { action: "ping", againInMs: Math.min(PING_EVERY_MS, deadInMs) };
}

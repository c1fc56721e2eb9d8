/** What time it is where the engine runs, in milliseconds since 1970, as its latest answers have told. */
export interface EngineClock {
  now(): number;
}

/** Answers carry whole seconds. */
const TOLD_TO_MS = 1_000;
/** What lay longer between a question and its answer tells too little. */
const MAX_UNCERTAIN_MS = 5_000;

/** A clock that is set by answers. As long as this machine's time may be the engine's as well, it is. */
export function createEngineClock(now: () => number): EngineClock & {
  /** Takes note of the `Date` header of an answer to what was asked at `askedAt`, by this machine's time. */
  note(header: string | undefined, askedAt: number): void;
} {
  let aheadMs = 0;
  return {
    now: () => now() + aheadMs,
    note(header, askedAt) {
      const told = Date.parse(header ?? "");
      const least = told - now();
      const most = told + TOLD_TO_MS - askedAt;
      if (least <= 0 && most >= 0) aheadMs = 0;
      else if (most - least <= MAX_UNCERTAIN_MS) aheadMs = Math.round((least + most) / 2);
    },
  };
}

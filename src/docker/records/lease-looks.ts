import type { Clock } from "../../support/clock.ts";

/** A lease that has stood still for so long is nobody's any more: its owner renews it every 20 s. */
const GONE_AFTER_MS = 90_000;
/** Looks at least: one clock alone may have jumped. */
const MIN_LOOKS = 3;
/** Between two looks; after a longer time this process may have stood still itself, together with the owner. */
const MAX_BETWEEN_MS = 60_000;

interface Sighting {
  /** The highest number that was seen; 0 for none. That there is less of it is no sign of life: others clear it away. */
  readonly number: number;
  readonly since: number;
  readonly looks: number;
}

/** What one process has seen of other workers' leases, look after look, by its own clock. */
export interface LeaseLooks {
  /** Takes note of a look: which leases matter, and the numbers of the renewals that there are of each. */
  see(tokens: Iterable<string>, numbersOf: (token: string) => readonly number[]): void;
  /** The daemon was away, or another: its workers could not renew, and all begins anew. */
  forget(): void;
  /** Whether a lease has stood still for so long that its owner is gone. */
  hasLapsed(token: string): boolean;
}

export function createLeaseLooks(clock: Clock): LeaseLooks {
  let sightings = new Map<string, Sighting>();
  let lookedAt: number | undefined;

  return {
    see(tokens, numbersOf) {
      const now = clock.now();
      const isBroken = lookedAt === undefined || now - lookedAt > MAX_BETWEEN_MS;
      lookedAt = now;
      const next = new Map<string, Sighting>();
      for (const token of tokens) {
        const number = numbersOf(token).reduce((one, other) => Math.max(one, other), 0);
        const before = isBroken ? undefined : sightings.get(token);
        if (before === undefined || number > before.number) next.set(token, { number, since: now, looks: 1 });
        else next.set(token, { ...before, looks: before.looks + 1 });
      }
      sightings = next;
    },
    forget: () => sightings.clear(),
    hasLapsed(token) {
      const seen = sightings.get(token);
      return seen !== undefined && seen.looks >= MIN_LOOKS && (lookedAt ?? 0) - seen.since >= GONE_AFTER_MS;
    },
  };
}

import type { Clock, Timer } from "../../support/clock.ts";
import { describeError } from "../engine/engine-error.ts";
import { createVolume, removeVolume } from "../engine/engine-objects.ts";
import { LABELS } from "./labels.ts";
import { recordNames } from "./object-names.ts";
import type { Records } from "./records.ts";
import { volumeStanding } from "./standing.ts";

/** How often a lease is renewed. */
const RENEW_EVERY_MS = 20_000;
/** After a renewal that failed: a daemon that was away, or a disk that was full. */
const RETRY_AFTER_MS = 5_000;
/** From here on others may be about to take this worker for dead: they wait for half as long again. */
const DOUBTFUL_AFTER_MS = 60_000;
/** After that the worker goes on doubting for so long: who saw the lease stand still may be about to act on it. */
const DOUBT_GOES_ON_MS = 45_000;
/** A worker that starts does not wait longer for a daemon that has other things to do. */
const CREATE_LIMIT_MS = 5_000;
/** Leases that could not be removed yet. */
const MAX_OLD = 10;

/**
 * The sign of life of a worker whose process others may not see, as from another host or pid namespace: an empty volume
 * that is replaced by one with the next number again and again. No clocks are compared, it is only seen to move.
 */
export interface Lease {
  /** Makes it, if it is not there yet, and renews it until `stop`. Never rejects. */
  start(): Promise<void>;
  /** Whether others may have taken this worker for dead: it has not renewed for a minute, by its clock or the calendar. */
  isDoubtful(): boolean;
  /** Renews it now. Rejects with an `EngineError`. */
  renew(): Promise<void>;
  /** Ends it: from then on nobody waits for this worker. Never rejects. */
  stop(): Promise<void>;
}

export interface LeaseOptions {
  readonly records: Records;
  /** Random, 64 bits in hexadecimal: the owner label of this process names it. */
  readonly token: string;
  readonly clock: Clock;
  /** Is awaited when the lease is renewed after it was doubtful; rejects with an `EngineError`. */
  readonly onDoubt: () => Promise<void>;
}

export function createLease({ records, token, clock, onDoubt }: LeaseOptions): Lease {
  const { engine, seals, log } = records;
  let number = 0;
  /** Those that may be there, the newest last. */
  let volumes: string[] = [];
  let renewedAt = clock.now();
  let renewedOn = clock.epoch();
  let doubtfulUntil = Number.NEGATIVE_INFINITY;
  let timer: Timer | undefined;
  let renewing: Promise<void> | undefined;
  let isTrouble = false;
  let hasStarted = false;
  let hasStopped = false;

  const hasStoodStill = () => Math.max(clock.now() - renewedAt, clock.epoch() - renewedOn) >= DOUBTFUL_AFTER_MS;
  const isDoubtful = () => hasStarted && (hasStoodStill() || clock.now() < doubtfulUntil);

  async function renewOnce(): Promise<void> {
    const askedAt = clock.now();
    const askedOn = clock.epoch();
    number += 1;
    const name = recordNames.lease(token, number);
    const labels = {
      [LABELS.kind]: "lease",
      [LABELS.workerId]: records.workerId,
      [LABELS.owner]: records.owner,
      [LABELS.createdAt]: String(records.now()),
    };
    // Known before it is there: an answer may be lost.
    volumes = [...volumes, name].slice(-MAX_OLD);
    const made = await createVolume(engine, name, seals.seal(name, labels), CREATE_LIMIT_MS);
    if (volumeStanding(seals, made) !== "ours") throw new Error(`a volume ${name} that this worker has not made`);
    if (hasStopped) return;
    if (hasStoodStill()) doubtfulUntil = clock.now() + DOUBT_GOES_ON_MS;
    if (isDoubtful()) await onDoubt();
    renewedAt = askedAt;
    renewedOn = askedOn;
    const before = volumes.filter((one) => one !== name);
    volumes = [name];
    for (const one of before) await removeVolume(engine, one).catch(() => volumes.unshift(one));
  }

  function renew(): Promise<void> {
    renewing ??= renewOnce().finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  async function tick(): Promise<void> {
    let nextMs = RENEW_EVERY_MS;
    try {
      await renew();
      isTrouble = false;
    } catch (error) {
      nextMs = RETRY_AFTER_MS;
      if (!isTrouble) log.debug("this worker's lease could not be renewed", { reason: describeError(error) });
      isTrouble = true;
    }
    if (!hasStopped) timer = clock.after(nextMs, () => void tick());
  }

  return {
    async start() {
      if (hasStarted) return;
      hasStarted = true;
      renewedAt = clock.now();
      renewedOn = clock.epoch();
      await tick();
    },
    isDoubtful,
    renew,
    async stop() {
      hasStopped = true;
      timer?.cancel();
      await renewing?.catch(() => {});
      await Promise.all(volumes.map((name) => removeVolume(engine, name).catch(() => {})));
    },
  };
}

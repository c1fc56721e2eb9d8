import { decodeOwner } from "../../host/owner.ts";
import { type Execution, executionKey } from "../../task/execution.ts";
import type { ExecutionResult } from "../../task/execution-result.ts";
import { describeError, isEngineAway } from "../engine/engine-error.ts";
import { removeIdleContainer, removeVolume } from "../engine/engine-objects.ts";
import type { ContainerDetails, VolumeDetails } from "../engine/engine-schemas.ts";
import { listAttempts, listRecords, madeAt, type SeenAttempt } from "./attempts.ts";
import { removeVolumesOf } from "./discard-execution.ts";
import type { ExecutionsHere } from "./executions-here.ts";
import type { HeldExecution } from "./held-execution.ts";
import { LABELS } from "./labels.ts";
import type { Lease } from "./lease.ts";
import type { LeaseLooks } from "./lease-looks.ts";
import type { Ledger } from "./ledger.ts";
import { lookAt } from "./look.ts";
import type { Records } from "./records.ts";
import { leaseOf, listedContainer } from "./standing.ts";
import { loseWhatIsTaken } from "./still-held.ts";
import { ownerLabel, type Takeover } from "./takeover.ts";

/** An execution taken over from a dead worker, with all that is known of it. */
export interface Adopted {
  readonly execution: Execution;
  readonly attempt: string;
  /** See `HeldExecution`. */
  readonly foreignUntil?: number;
  /** Absent where it had none yet, or somebody else has removed it. */
  readonly container?: ContainerDetails;
  readonly verdict?: ExecutionResult;
}

export interface AdoptionOptions {
  readonly records: Records;
  readonly ledger: Ledger;
  readonly takeover: Takeover;
  readonly here: ExecutionsHere;
  readonly lease: Pick<Lease, "isDoubtful">;
  readonly leases: LeaseLooks;
}

/** Finds what dead workers of this id have left, and takes it over. */
export interface Adoption {
  /** Looks once. Rejects with an `EngineError`; what was not taken over until then is found the next time. */
  adopt(onAdopted: (adopted: Adopted) => void): Promise<void>;
  /** Why it is not certain that somebody will report an execution that another worker has claimed; `undefined` where it is. */
  doubtAbout(execution: Execution): Promise<string | undefined>;
}

const UNDECIDED =
  "another worker of this id has the task, and whether it lives cannot be decided from here; this worker's log says more";
const COPIED = "a copy of an old claim of the task stands in the way; this worker's log says more";

export function createAdoption(options: AdoptionOptions): Adoption {
  const { records, ledger, takeover, here, lease, leases } = options;
  const { engine, log, once, owner } = records;
  /** By the engine's clock: what has no seal of this key, and is younger, is not looked at by this process. */
  let startedAt: number | undefined;

  /** One that cannot be decided is left alone, and the operator told once. */
  async function isOrphan(seen: SeenAttempt): Promise<boolean> {
    const state = await takeover.stateOf(seen);
    if (state !== "unknown") return state === "gone";
    once(`undecided ${seen.attempt}`, () =>
      log.warn(
        "a task of another worker of this id is left alone: whether that worker lives cannot be decided from here. " +
          "If it is gone for good, remove the objects by hand (docker rm -f, docker volume rm)",
        fieldsOf(seen),
      ),
    );
    return false;
  }

  /** What was there before this process came counts as made by the workers before it. */
  function isFromBefore(seen: SeenAttempt, startedAt: number): boolean {
    const heirs = seen.heirs.filter((heir) => seen.foreignRecords.includes(heir));
    // This key has taken it over already.
    if (heirs.length < seen.heirs.length) return true;
    const volumes = [...(seen.claim ? [seen.claim] : []), ...heirs];
    const times = [...volumes.map(madeAt), (seen.container?.Created ?? 0) * 1_000];
    if (times.every((time) => time <= startedAt)) return true;
    once(`late ${seen.attempt}`, () =>
      log.warn(
        "a task's records were made without this worker's API key, after its start: they are left alone until the next " +
          "worker starts. If no other worker has made them, remove them by hand (docker rm -f, docker volume rm)",
        fieldsOf(seen),
      ),
    );
    return false;
  }

  async function adoptOne(seen: SeenAttempt, startedAt: number): Promise<Adopted | undefined> {
    const { execution, attempt, isForeign } = seen;
    if (here.has(execution)) return undefined;
    const isOurs = ownerLabel(seen.labels, seen.heirs) === owner;
    const isTakenOver = isOurs && seen.labels[LABELS.owner] !== owner;
    if (seen.isCopy && !(seen.claim && ledger.isMade(seen.claim))) {
      warnOfCopy(seen);
      return undefined;
    }
    if (here.isLeft(attempt) || (isOurs && !isTakenOver && !isForeign)) {
      await clearOwnRubbish(seen);
      return undefined;
    }
    // The sweep clears away what is over.
    if (seen.claim === undefined || (isForeign && !isFromBefore(seen, startedAt))) return undefined;
    // A takeover that broke off half-way is this process's still.
    if (!isTakenOver && !(await isOrphan(seen))) return undefined;
    if (!isTakenOver && (await takeover.take(seen)) === undefined) return undefined;
    const until = isForeign ? { foreignUntil: startedAt } : {};
    const found = await lookAt(records, seen, until.foreignUntil ?? 0);
    if (found.kind === "open") {
      if (isForeign) log.info("a task of an earlier version, or of another API key, is taken over", fieldsOf(seen));
      return { execution, attempt, ...until, ...found.known };
    }
    // Its result is with Oz: cleared away, as the dead worker would have done.
    await ledger.dropClaim(execution, attempt);
    if (found.left !== undefined) await removeIdleContainer(engine, found.left);
    await removeVolumesOf(records, { execution, attempt, ...until }, found.isKept ? ["private"] : []);
    return undefined;
  }

  /** Those of workers whose process is gone. One that has stood still is the proof of that, for the sweep as well. */
  async function clearLeases(volumes: readonly VolumeDetails[]): Promise<void> {
    for (const { Name, Labels } of volumes) {
      if (leases.hasLapsed(leaseOf(Name)?.token ?? "")) continue;
      if ((await takeover.stateOf({ labels: Labels, heirs: [] })) === "gone") {
        await removeVolume(engine, Name).catch((error: unknown) => {
          log.debug("the lease of a dead worker is left", { volume: Name, reason: describeError(error) });
        });
      }
    }
  }

  function warnOfCopy(seen: SeenAttempt): void {
    once(`copy ${seen.attempt}`, () =>
      log.warn(
        "a task's claim is younger than its labels say, as the copy of one that is gone is: it is left alone. " +
          "If nobody runs the task, remove it by hand (docker volume rm)",
        fieldsOf(seen),
      ),
    );
  }

  /** A claim that somebody has taken away, as a prune does: this process lives, and would not be succeeded. */
  async function keepClaims(attempts: readonly SeenAttempt[]): Promise<void> {
    const claimed = new Set(attempts.filter(({ claim }) => claim !== undefined).map(({ attempt }) => attempt));
    for (const one of here.all()) {
      if (one.phase !== "open" || claimed.has(one.attempt)) continue;
      await ledger.keepClaim(one.execution, one.attempt);
      if (hasClosed(one)) await ledger.dropClaim(one.execution, one.attempt);
    }
  }

  /** What this process had given up, or could not clear away. What runs is left to people. */
  async function clearOwnRubbish(seen: SeenAttempt): Promise<void> {
    // The claim of another attempt may have been made since the look.
    if (here.has(seen.execution)) return;
    await ledger.dropClaim(seen.execution, seen.attempt);
    if (seen.container !== undefined) await removeIdleContainer(engine, seen.container.Id);
    await removeVolumesOf(records, seen);
    here.cleared(seen.attempt);
  }

  return {
    async doubtAbout(execution) {
      const key = executionKey(execution);
      const attempts = await listAttempts(records);
      const seen = attempts.find((one) => one.claim !== undefined && executionKey(one.execution) === key);
      // The one that had it was just finishing with it.
      if (seen === undefined) return undefined;
      // Says so in the log, if it has not yet.
      const isGone = await isOrphan(seen);
      if (seen.isCopy && isGone) return COPIED;
      return !isGone && (await takeover.stateOf(seen)) === "unknown" ? UNDECIDED : undefined;
    },
    async adopt(onAdopted) {
      // What others have taken is not to be kept, and not to be looked at as this process's own.
      if (lease.isDoubtful()) await loseWhatIsTaken(records, here);
      const { attempts, leases: volumes } = await listRecords(records);
      const owners = attempts.map((seen) => decodeOwner(ownerLabel(seen.labels, seen.heirs))?.lease);
      const renewals = volumes.map(({ Name }) => leaseOf(Name)).filter((renewal) => renewal !== undefined);
      const tokens = [...owners, ...renewals.map(({ token }) => token)].filter((token) => token !== undefined);
      const numbers = Map.groupBy(renewals, ({ token }) => token);
      leases.see(new Set(tokens), (token) => (numbers.get(token) ?? []).map(({ number }) => number));
      startedAt ??= records.now();
      const since = startedAt;
      await keepClaims(attempts);
      const settled = await Promise.allSettled(
        attempts.map(async (seen) => {
          const adopted = await adoptOne(seen, since).catch((error: unknown) => {
            if (isEngineAway(error)) throw error;
            log.warn("what a dead worker has left could not be taken over; tried again later", {
              ...fieldsOf(seen),
              reason: describeError(error),
            });
            return undefined;
          });
          if (adopted !== undefined) onAdopted(adopted);
        }),
      );
      await clearLeases(volumes);
      for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
    },
  };
}

/** Asked after a wait, in which others go on. */
function hasClosed(held: HeldExecution): boolean {
  return held.phase !== "open";
}

function fieldsOf({ execution, container, claim }: SeenAttempt) {
  return { task: execution.taskId, container: container && listedContainer(container).name, volume: claim?.Name };
}

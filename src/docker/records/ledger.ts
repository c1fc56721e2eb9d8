import * as v from "valibot";
import { type Clock, systemClock } from "../../support/clock.ts";
import type { Execution } from "../../task/execution.ts";
import { type ExecutionResult, FAILURE_REASONS } from "../../task/execution-result.ts";
import type { Engine } from "../engine/engine.ts";
import { createVolume, inspectVolume, removeVolume } from "../engine/engine-objects.ts";
import type { VolumeDetails } from "../engine/engine-schemas.ts";
import { executionLabels, LABELS, type ObjectKind } from "./labels.ts";
import { executionHash, recordNames } from "./object-names.ts";

/** An `ExecutionResult` as it stands in a verdict's label, as JSON. */
const StoredResult = v.variant("kind", [
  v.object({ kind: v.literal("exited"), exitCode: v.number(), oomKilled: v.boolean() }),
  v.object({
    kind: v.literal("failed"),
    reason: v.picklist(FAILURE_REASONS),
    detail: v.string(),
    exitCode: v.exactOptional(v.number()),
  }),
  v.object({
    kind: v.literal("stopped"),
    cause: v.picklist(["cancelled", "shutdown", "timeout"]),
    exitCode: v.exactOptional(v.number()),
  }),
]);

/** Reads the text of a verdict's label; `undefined` for one that is none. */
export function decodeVerdict(label: string | undefined): ExecutionResult | undefined {
  if (label === undefined) return undefined;
  try {
    const parsed = v.safeParse(StoredResult, JSON.parse(label));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Oz waits for the answer to an assignment: a daemon that hangs must not hold it up. */
const CLAIM_LIMIT_MS = 10_000;

/**
 * What must be remembered of an execution beside its container: that it was claimed, what became of it, and that Oz knows.
 * The records are empty volumes with labels, because a volume costs the daemon two milliseconds and needs no image. The
 * labels of a volume tell who made it, and its creation is one step. All failures are `EngineError`s.
 */
export interface Ledger {
  /**
   * Records a claim that is to be known as `attempt`. Answers the attempt that stands, which may be an earlier one of
   * this process; `undefined` where another worker of that id on this daemon has the execution.
   */
  claim(execution: Execution, attempt: string): Promise<string | undefined>;
  /** Records what became of an execution; the first verdict stands. */
  verdict(execution: Execution, attempt: string, result: ExecutionResult): Promise<void>;
  /** Records that the result is with Oz: from then on no worker reports it again, whatever becomes of the rest. */
  done(execution: Execution, attempt: string): Promise<void>;
  /** Drops the claim of that attempt, and no other. */
  dropClaim(execution: Execution, attempt: string): Promise<void>;
}

export function createLedger(engine: Engine, workerId: string, owner: string, clock: Clock = systemClock): Ledger {
  const labels = (kind: ObjectKind, execution: Execution, attempt: string) => ({
    ...executionLabels(kind, workerId, execution, owner),
    [LABELS.attempt]: attempt,
    [LABELS.createdAt]: String(clock.epoch()),
  });
  const claimName = (execution: Execution) => recordNames.claim(executionHash(workerId, execution));
  return {
    async claim(execution, attempt) {
      const wanted = labels("claim", execution, attempt);
      const claim = await createVolume(engine, claimName(execution), wanted, CLAIM_LIMIT_MS);
      return claim.Labels[LABELS.owner] === owner ? claim.Labels[LABELS.attempt] : undefined;
    },
    async verdict(execution, attempt, result) {
      const verdict = { ...labels("verdict", execution, attempt), [LABELS.verdict]: JSON.stringify(result) };
      await createVolume(engine, recordNames.verdict(attempt), verdict);
    },
    async done(execution, attempt) {
      await createVolume(engine, recordNames.done(attempt), labels("done", execution, attempt));
    },
    async dropClaim(execution, attempt) {
      const claim = await findClaim(engine, workerId, execution, attempt);
      if (claim !== undefined) await removeVolume(engine, claim.Name);
    },
  };
}

/** The claim of an attempt; `undefined` where there is none (any more). */
export async function findClaim(
  engine: Engine,
  workerId: string,
  execution: Execution,
  attempt: string,
): Promise<VolumeDetails | undefined> {
  const claim = await inspectVolume(engine, recordNames.claim(executionHash(workerId, execution)));
  return claim?.Labels[LABELS.attempt] === attempt ? claim : undefined;
}

/** The verdict on an attempt; `undefined` where there is none. */
export async function findVerdict(engine: Engine, attempt: string): Promise<ExecutionResult | undefined> {
  const volume = await inspectVolume(engine, recordNames.verdict(attempt));
  return decodeVerdict(volume?.Labels[LABELS.verdict]);
}

/** Whether the result of an attempt is with Oz. */
export async function isDone(engine: Engine, attempt: string): Promise<boolean> {
  return (await inspectVolume(engine, recordNames.done(attempt))) !== undefined;
}

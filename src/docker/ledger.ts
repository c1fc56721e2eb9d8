import * as v from "valibot";
import type { Execution } from "../task/execution.ts";
import { type ExecutionResult, FAILURE_REASONS } from "../task/execution-result.ts";
import type { Engine } from "./engine.ts";
import { createVolume, inspectVolume, removeVolume } from "./engine-objects.ts";
import { executionLabels, LABELS } from "./labels.ts";
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

/**
 * What must be remembered of an execution that has no container (yet): that it was claimed, and what became of it. The
 * records are empty volumes with labels, because a volume costs the daemon two milliseconds and needs no image. All
 * failures are `EngineError`s.
 */
export interface Ledger {
  /** Records a claim; answers whether it is ours: another worker of that id on this daemon may have it. */
  claim(execution: Execution): Promise<boolean>;
  /** Records what became of a claimed execution; the first verdict stands. */
  verdict(execution: Execution, result: ExecutionResult): Promise<void>;
  /** Drops the claim: the container is the record from now on, or the result is with Oz. */
  dropClaim(execution: Execution): Promise<void>;
  /** Drops claim and verdict, in the order that leaves no claim without its verdict. */
  forget(execution: Execution): Promise<void>;
}

export function createLedger(engine: Engine, workerId: string, owner: string): Ledger {
  const hashOf = (execution: Execution) => executionHash(workerId, execution);
  const dropClaim = async (execution: Execution) => {
    await removeVolume(engine, recordNames.claim(hashOf(execution)));
  };
  return {
    async claim(execution) {
      const labels = {
        ...executionLabels("claim", workerId, execution, owner),
        [LABELS.createdAt]: String(Date.now()),
      };
      const volume = await createVolume(engine, recordNames.claim(hashOf(execution)), labels);
      return volume.Labels[LABELS.owner] === owner;
    },
    async verdict(execution, result) {
      const labels = {
        ...executionLabels("verdict", workerId, execution, owner),
        [LABELS.verdict]: JSON.stringify(result),
      };
      await createVolume(engine, recordNames.verdict(hashOf(execution)), labels);
    },
    dropClaim,
    async forget(execution) {
      await dropClaim(execution);
      await removeVolume(engine, recordNames.verdict(hashOf(execution)));
    },
  };
}

/** The verdict that a ledger holds for an execution. */
export async function storedVerdict(
  engine: Engine,
  workerId: string,
  execution: Execution,
): Promise<ExecutionResult | undefined> {
  const volume = await inspectVolume(engine, recordNames.verdict(executionHash(workerId, execution)));
  return decodeVerdict(volume?.Labels[LABELS.verdict]);
}

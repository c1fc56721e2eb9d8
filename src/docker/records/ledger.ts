import * as v from "valibot";
import type { Execution } from "../../task/execution.ts";
import { type ExecutionResult, FAILURE_REASONS, STOP_CAUSES } from "../../task/execution-result.ts";
import { createVolume, inspectVolume, removeVolume } from "../engine/engine-objects.ts";
import type { VolumeDetails } from "../engine/engine-schemas.ts";
import { isFreshClaim } from "./freshness.ts";
import { executionLabels, isOfAttempt, LABELS, type LabelMap, labelledAttempt } from "./labels.ts";
import { recordNames } from "./object-names.ts";
import type { Records } from "./records.ts";
import { volumeStanding } from "./standing.ts";

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
    cause: v.picklist(STOP_CAUSES),
    exitCode: v.exactOptional(v.number()),
  }),
]);

/** The text of a verdict's label. Whoever may look at the daemon's volumes can read it. */
function encodeVerdict(result: ExecutionResult): string {
  return JSON.stringify(result, (key, value: unknown) => (key === "said" ? undefined : value));
}

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

/** How many calls for a claim are remembered. */
const MAX_REMEMBERED = 1_000;

/**
 * Whose claim there is. `another's`: a worker's with the same key. `taken`: a volume that proves nothing has the claim's
 * name.
 */
export type ClaimStand =
  | { readonly kind: "own"; readonly attempt: string }
  | { readonly kind: "another's" }
  | { readonly kind: "taken"; readonly volume: string };

/**
 * What must be remembered of an execution beside its container: that it is open, and what became of it. The records are
 * empty volumes with labels, because a volume costs the daemon two milliseconds and needs no image. The labels of a volume
 * tell who made it, its seal that this is so, and its creation is one step. All failures are `EngineError`s.
 */
export interface Ledger {
  /** Records a claim that is to be known as `attempt`. The attempt that stands may be an earlier one of this process. */
  claim(execution: Execution, attempt: string): Promise<ClaimStand>;
  /** Whether this process has asked for a claim with that seal. */
  isMade(claim: VolumeDetails): boolean;
  /** Makes the claim of an attempt of this process anew where somebody has removed it. */
  keepClaim(execution: Execution, attempt: string): Promise<void>;
  /**
   * Drops the claim of that attempt, and no other: from then on no worker reports it, whatever becomes of the rest. It takes
   * no records on a disk that is full.
   */
  dropClaim(execution: Execution, attempt: string): Promise<void>;
  /** Records what became of an execution; the first verdict stands. */
  verdict(execution: Execution, attempt: string, result: ExecutionResult): Promise<void>;
}

export function createLedger(records: Records): Ledger {
  const { engine, seals, workerId, owner } = records;

  /** The seals of the claims that this process has asked for last: no others can have them, but for copies. */
  const asked = new Set<string | undefined>();
  const isMade = ({ Labels }: VolumeDetails) => asked.has(Labels[LABELS.seal]);

  function remember(labels: LabelMap): void {
    const oldest = asked.size < MAX_REMEMBERED ? undefined : asked.keys().next().value;
    asked.delete(oldest);
    asked.add(labels[LABELS.seal]);
  }

  async function claim(execution: Execution, attempt: string): Promise<ClaimStand> {
    const name = recordNames.claim(workerId, execution);
    let wanted = executionLabels("claim", records, execution, attempt);
    for (let isLast = false; ; isLast = true) {
      const labels = seals.seal(name, wanted);
      remember(labels);
      const made = await createVolume(engine, name, labels, CLAIM_LIMIT_MS);
      if (volumeStanding(seals, made) !== "ours") return { kind: "taken", volume: name };
      if (made.Labels[LABELS.owner] !== owner) return { kind: "another's" };
      const isFresh = isFreshClaim(made.CreatedAt, made.Labels);
      if (!isFresh && !isMade(made)) return { kind: "taken", volume: name };
      if (isFresh || isLast) return { kind: "own", attempt: labelledAttempt(made.Labels) ?? attempt };
      // The engine was late, or its clock was set: a successor would take it for the copy of an old one.
      wanted = { ...wanted, [LABELS.createdAt]: String(Date.parse(made.CreatedAt ?? "")) };
      await removeVolume(engine, name);
    }
  }

  return {
    claim,
    isMade,
    async keepClaim(execution, attempt) {
      const name = recordNames.claim(workerId, execution);
      if ((await inspectVolume(engine, name)) === undefined) await claim(execution, attempt);
    },
    async dropClaim(execution, attempt) {
      const found = await findClaim(records, execution, attempt);
      if (found !== undefined) await removeVolume(engine, found.Name);
    },
    async verdict(execution, attempt, result) {
      const name = recordNames.verdict(seals, execution, attempt);
      const labels = executionLabels("verdict", records, execution, attempt);
      await createVolume(engine, name, seals.seal(name, { ...labels, [LABELS.verdict]: encodeVerdict(result) }));
    },
  };
}

/** The claim of an attempt, whoever has made it; `undefined` where there is none (any more). */
export async function findClaim(
  records: Records,
  execution: Execution,
  attempt: string,
): Promise<VolumeDetails | undefined> {
  const claim = await inspectVolume(records.engine, recordNames.claim(records.workerId, execution));
  return claim?.Labels[LABELS.attempt] === attempt ? claim : undefined;
}

/** The verdict on an attempt that a worker with this key has recorded; `undefined` where there is none. */
export async function findVerdict(
  records: Records,
  execution: Execution,
  attempt: string,
): Promise<ExecutionResult | undefined> {
  const volume = await inspectVolume(records.engine, recordNames.verdict(records.seals, execution, attempt));
  if (volume === undefined || volumeStanding(records.seals, volume) !== "ours") return undefined;
  return isOfAttempt(volume.Labels, execution, attempt) ? decodeVerdict(volume.Labels[LABELS.verdict]) : undefined;
}

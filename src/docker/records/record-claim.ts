import { abortAfter } from "../../support/clock.ts";
import type { Execution } from "../../task/execution.ts";
import type { ClaimAnswer } from "../../worker/task-runtime.ts";
import { EngineError, isEngineAway, mayBeDone } from "../engine/engine-error.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import { explainEngine } from "../engine/explain-engine.ts";
import { claimExecution } from "./claim-execution.ts";
import type { ExecutionsHere } from "./executions-here.ts";
import type { HeldExecution } from "./held-execution.ts";
import type { Ledger } from "./ledger.ts";
import { randomToken } from "./object-names.ts";
import type { Records } from "./records.ts";

export interface ClaimRecording {
  readonly records: Records;
  readonly ledger: Ledger;
  readonly watch: EngineWatch;
  readonly here: ExecutionsHere;
  /** Why it is not certain that the worker that has it will report it; `undefined` where it is. */
  readonly doubtAbout: (execution: Execution) => Promise<string | undefined>;
}

/** Why work is refused while the daemon is away. */
export const DAEMON_IS_AWAY = "the worker's Docker daemon does not answer";
/** How long Oz may wait for the answer to an assignment. */
const CLAIM_LIMIT_MS = 10_000;

/** A claim that stands, or the worker's answer where none does. */
export type RecordedClaim =
  | { readonly kind: "claimed"; readonly held: HeldExecution }
  | Exclude<ClaimAnswer, { readonly kind: "claimed" }>;

/**
 * Makes the durable record of a claim under a new attempt. Where there may be a claim a refusal would be a lie, should
 * this worker die before it can take the claim back: a daemon that went away meanwhile is waited for, and a refusal says
 * that it may stand. Never rejects.
 */
export async function recordClaim(options: ClaimRecording, execution: Execution): Promise<RecordedClaim> {
  const { records, ledger, watch, here } = options;
  const held: HeldExecution = { execution, attempt: randomToken(), phase: "claiming" };
  // Held before the daemon knows: what is there and not held is taken for rubbish.
  here.add(held);
  const limit = abortAfter(watch.clock, CLAIM_LIMIT_MS);
  let mayStand = false;
  const onRecorded = () => {
    mayStand = true;
  };
  const claim = () => claimExecution(records, ledger, execution, held.attempt, onRecorded);
  try {
    const claiming = await claim().catch((error: unknown) => {
      mayStand ||= mayBeDone(error);
      // A claim that was too late has had all the time there is.
      if (!mayStand || (error instanceof EngineError && error.kind === "timeout")) throw error;
      return persist(watch, limit.signal, claim, Number.POSITIVE_INFINITY);
    });
    if (claiming.kind === "claimed") {
      held.attempt = claiming.attempt;
      held.phase = "open";
      return { kind: "claimed", held };
    }
    here.remove(held);
    if (claiming.kind === "refused") return claiming;
    const reason = await options.doubtAbout(execution);
    return reason === undefined ? { kind: "elsewhere" } : { kind: "refused", reason };
  } catch (error) {
    here.remove(held);
    watch.note(error);
    if (isEngineAway(error) || limit.signal.aborted) return { kind: "refused", reason: DAEMON_IS_AWAY, mayStand };
    const { why, ...said } = explainEngine(error);
    return {
      kind: "refused",
      reason: `the worker's Docker daemon cannot record the claim: ${why}`,
      mayStand,
      ...said,
    };
  } finally {
    limit.cancel();
  }
}

import { abortAfter } from "../../support/clock.ts";
import { type Execution, executionKey } from "../../task/execution.ts";
import type { ClaimAnswer } from "../../worker/task-runtime.ts";
import { EngineError, isEngineAway, mayBeDone } from "../engine/engine-error.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import { explainEngine } from "../engine/explain-engine.ts";
import { type ClaimRoom, claimExecution } from "./claim-execution.ts";
import type { HeldExecution } from "./held-execution.ts";
import { randomToken } from "./object-names.ts";

export interface ClaimRecording extends ClaimRoom {
  readonly watch: EngineWatch;
  /** What this process has, by `executionKey`. */
  readonly held: Map<string, HeldExecution>;
  /** Why it is not certain that the worker that has it will report it; `undefined` where it is. */
  readonly doubtAbout: (execution: Execution) => Promise<string | undefined>;
}

/** Why work is refused while the daemon is away. */
export const DAEMON_IS_AWAY = "the worker's Docker daemon does not answer";
/** How long Oz may wait for the answer to an assignment. */
const CLAIM_LIMIT_MS = 10_000;

/**
 * Makes the durable record of a claim under a new attempt. Where there may be a claim a refusal would be a lie, should
 * this worker die before it can take the claim back: a daemon that went away meanwhile is waited for, and a refusal says
 * that it may stand. Never rejects.
 */
export async function recordClaim(room: ClaimRecording, execution: Execution): Promise<ClaimAnswer> {
  const { watch, held } = room;
  const key = executionKey(execution);
  const attempt = randomToken();
  // Held before the daemon knows: what is there and not held is taken for rubbish.
  held.set(key, { execution, attempt, phase: "claiming" });
  const limit = abortAfter(watch.clock, CLAIM_LIMIT_MS);
  let mayStand = false;
  const onRecorded = () => {
    mayStand = true;
  };
  // Unless it is another attempt's by now.
  const forget = () => held.get(key)?.attempt === attempt && held.delete(key);
  const claim = () => claimExecution(room, execution, attempt, onRecorded);
  try {
    const claiming = await claim().catch((error: unknown) => {
      mayStand ||= mayBeDone(error);
      // A claim that was too late has had all the time there is.
      if (!mayStand || (error instanceof EngineError && error.kind === "timeout")) throw error;
      return persist(watch, limit.signal, claim, Number.POSITIVE_INFINITY);
    });
    if (claiming.kind === "claimed") {
      held.set(key, { execution, attempt: claiming.attempt, phase: "open" });
      return { kind: "claimed" };
    }
    forget();
    if (claiming.kind === "refused") return claiming;
    const reason = await room.doubtAbout(execution);
    return reason === undefined ? { kind: "elsewhere" } : { kind: "refused", reason };
  } catch (error) {
    forget();
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

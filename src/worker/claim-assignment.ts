import { taskClaimed, taskRejected } from "../protocol/client-message.ts";
import type { Log } from "../support/log.ts";
import { messageOf } from "../support/message-of.ts";
import type { TaskSpecResult } from "../task/build-task-spec.ts";
import { type ActiveExecution, executionFields } from "./active-executions.ts";
import type { ClaimAnswer, ClaimedExecution, TaskRuntime } from "./task-runtime.ts";

export interface ClaimOptions {
  readonly runtime: TaskRuntime;
  readonly workerId: string;
  readonly log: Log;
  /** For lines that Oz can cause as often as it likes. */
  readonly often: Log;
  /** Answers for an execution that this very worker has taken over while it was being claimed; `false` if it has not. */
  readonly answeredByTakeover: (claiming: ActiveExecution) => boolean;
  /** Whether the worker is about to end. */
  readonly isDraining: () => boolean;
}

/**
 * Claims an assigned execution on the runtime; tells Oz where it is not this worker's to run, and answers `undefined` then.
 * Never rejects.
 */
export async function claimAssignment(
  options: ClaimOptions,
  active: ActiveExecution,
  plan: TaskSpecResult,
): Promise<ClaimedExecution | undefined> {
  const { execution } = active;
  const fields = executionFields(execution);
  const answer = await options.runtime.claim(execution, plan).catch((error: unknown): ClaimAnswer => {
    options.log.error("a claim broke off on a defect of the worker", { ...fields, reason: messageOf(error) });
    return { kind: "refused", reason: "the worker could not record the claim", mayStand: true };
  });
  if (answer.kind === "claimed") return answer.claimed;
  if (answer.kind === "elsewhere") {
    if (options.answeredByTakeover(active)) return undefined;
    // Kept for a later link it could come behind that worker's result, and be the last that Oz hears.
    active.answer?.(taskClaimed(execution, options.workerId));
    options.often.info("another worker of this id on this daemon has the task: claimed, not run again", fields);
    return undefined;
  }
  const { reason, said } = answer;
  if (answer.mayStand && options.isDraining()) {
    // This worker will not see whether it stands; the next one reports it, and what was rejected is never claimed.
    options.log.warn("task left without an answer: the next worker finds out whether it is claimed", {
      ...fields,
      reason,
      said,
    });
    return undefined;
  }
  active.answer?.(taskRejected(execution, reason));
  options.often.warn("task rejected", { ...fields, reason, said });
  return undefined;
}

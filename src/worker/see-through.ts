import { taskClaimed } from "../protocol/client-message.ts";
import type { Delivery } from "../protocol/delivery.ts";
import type { SetupSignature, SetupStep } from "../protocol/setup-event.ts";
import type { Log } from "../support/log.ts";
import { messageOf } from "../support/message-of.ts";
import { shownLines } from "../support/output-tail.ts";
import { createRedactor, type Redactor } from "../support/redaction.ts";
import { whenAborted } from "../support/when-aborted.ts";
import type { ExecutionResult } from "../task/execution-result.ts";
import { type TaskOutcome, terminalMessage, toOutcome } from "../task/task-outcome.ts";
import { type ActiveExecution, executionFields } from "./active-executions.ts";
import type { OzChannel } from "./oz-channel.ts";
import type { SetupReporter } from "./setup-reporter.ts";
import type { ClaimedExecution, RunOptions } from "./task-runtime.ts";

export interface SeeThroughOptions {
  readonly channel: OzChannel;
  readonly setupEvents: SetupReporter;
  readonly workerId: string;
  readonly log: Log;
}

/** Of an execution that this worker was not given, but has taken over, nobody knows how to sign for its set-up. */
export type Origin =
  | { readonly kind: "assigned"; readonly setup: SetupSignature | undefined }
  | { readonly kind: "taken over" };

/** What an execution ends with where this program is at fault. */
export const DEFECT = { kind: "failed", reason: "unknown", detail: "an unexpected error in the worker" } as const;

/**
 * Sees an execution that is this worker's to its end, however it came to be so: tells Oz of the claim, waits for the
 * outcome, reports it, and clears it away once Oz has read the report. One that was taken over is claimed again: whether
 * the dead worker's own words have reached Oz cannot be known. Never rejects: what goes wrong in one task is that task's
 * result.
 */
export async function seeThrough(
  options: SeeThroughOptions,
  active: ActiveExecution,
  claimed: ClaimedExecution,
  origin: Origin,
): Promise<void> {
  const log = options.log.with(executionFields(active.execution));
  const redact = createRedactor(claimed.secrets);
  active.phase = "running";
  active.claim = options.channel.send(taskClaimed(active.execution, options.workerId));
  log.info(origin.kind === "assigned" ? "task claimed" : "task taken over from a worker that is gone");
  const { signal } = active.abort;
  const onSetup = setupReports(options.setupEvents, origin, signal, log);
  const run = { signal, onStage: stageLog(log), ...(onSetup === undefined ? {} : { onSetup }) };
  const result = await claimed.outcome(run).catch(async (error: unknown): Promise<ExecutionResult> => {
    log.error("the task broke off on a defect of the worker", { reason: redact(messageOf(error)) });
    await claimed.settle(DEFECT);
    return DEFECT;
  });
  const reported = claimed.lost.aborted
    ? Promise.resolve()
    : report(options.channel, active, claimed, result, redact, log);
  const losing = whenAborted(claimed.lost);
  await Promise.race([reported, losing.promise]);
  losing.forget();
  if (!claimed.lost.aborted) return;
  active.claim?.withdraw();
  active.delivery?.withdraw();
  log.warn("this worker stood still for too long, and another one has taken the task over: it is that one's to report");
}

/** Tells Oz what became of an execution, and clears it away once Oz has read it. */
async function report(
  channel: OzChannel,
  active: ActiveExecution,
  claimed: ClaimedExecution,
  result: ExecutionResult,
  redact: Redactor,
  log: Log,
): Promise<void> {
  const outcome = toOutcome(result, redact);
  active.phase = "reporting";
  active.terminal = terminalMessage(active.execution, outcome);
  active.delivery = channel.send(active.terminal);
  logOutcome(log, outcome, result, redact);
  const tail = showsTail(result) ? logTail(claimed, redact, log) : Promise.resolve();
  await Promise.all([active.delivery.delivered, tail]);
  // It may have become another worker's while this waited.
  if (claimed.lost.aborted) return;
  log.debug("Oz has read the result");
  await claimed.release();
  // A redelivery meanwhile was claimed again, and has its own report.
  let last: Delivery | undefined;
  while (active.delivery !== last) {
    last = active.delivery;
    await last.delivered;
  }
}

/** Nothing is told of a task that is to stop, or that has brought no key to sign with. */
function setupReports(
  setupEvents: SetupReporter,
  origin: Origin,
  signal: AbortSignal,
  log: Log,
): ((step: SetupStep) => void) | undefined {
  if (origin.kind === "taken over") return undefined;
  const signature = origin.setup;
  if (signature === undefined) {
    log.debug("the task has no key of its own: Oz is not told how long its set-up takes");
    return undefined;
  }
  return (step) => {
    if (!signal.aborted) setupEvents.report(signature, step);
  };
}

function stageLog(log: Log): NonNullable<RunOptions["onStage"]> {
  return (stage, container) => {
    if (stage === "running") log.info("task started", { container });
    else if (stage === "stopping") log.info("stopping the task's container", { container });
    else log.debug(stage === "preparing" ? "pulling images and preparing sidecars" : "creating the container");
  };
}

function logOutcome(log: Log, outcome: TaskOutcome, result: ExecutionResult, redact: Redactor): void {
  if (outcome.kind === "completed") log.info("task completed");
  else if (outcome.kind === "cancelled") log.info("task cancelled");
  else {
    const { reason, exitCode, message } = outcome;
    const said = result.kind === "failed" && result.said !== undefined ? redact(result.said) : undefined;
    log.warn("task failed", { reason, exitCode, message, said });
  }
  if (result.kind === "stopped" && result.exitCode !== undefined) {
    log.debug("the stopped container's exit code", { exitCode: result.exitCode });
  }
}

/** The output explains a failure of the task's own, not one that was asked for. */
function showsTail(result: ExecutionResult): boolean {
  return result.kind === "exited" ? result.exitCode !== 0 : result.kind === "failed";
}

async function logTail(claimed: ClaimedExecution, redact: Redactor, log: Log): Promise<void> {
  const tail = await claimed.tail();
  for (const line of shownLines(tail, redact)) log.warn("output", { line });
}

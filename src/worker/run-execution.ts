import { taskClaimed, taskRejected } from "../protocol/client-message.ts";
import type { SetupSignature, SetupStep } from "../protocol/setup-event.ts";
import type { Log } from "../support/log.ts";
import { shownLines } from "../support/output-tail.ts";
import { createRedactor, type Redactor } from "../support/redaction.ts";
import type { TaskSpecResult } from "../task/build-task-spec.ts";
import type { ExecutionResult } from "../task/execution-result.ts";
import { type TaskOutcome, terminalMessage, toOutcome } from "../task/task-outcome.ts";
import type { TaskSpec } from "../task/task-spec.ts";
import type { ActiveExecution } from "./active-executions.ts";
import type { Delivery, OzChannel } from "./oz-channel.ts";
import type { SetupReporter } from "./setup-reporter.ts";
import type { ClaimAnswer, RecoveredExecution, RunOptions, TaskRuntime } from "./task-runtime.ts";

export interface ExecutionRoom {
  readonly runtime: TaskRuntime;
  readonly channel: OzChannel;
  readonly setupEvents: SetupReporter;
  readonly workerId: string;
  readonly log: Log;
  /** For lines that Oz can cause as often as it likes. */
  readonly often: Log;
  /** Answers for an execution that this very worker has taken over while it was being claimed; `false` if it has not. */
  readonly answeredByHeir: (claiming: ActiveExecution) => boolean;
  /** Whether the worker is about to end. */
  readonly isDraining: () => boolean;
}

const DEFECT = { kind: "failed", reason: "unknown", detail: "an unexpected error in the worker" } as const;

/** Tells what to run. */
export type PlanTask = () => TaskSpecResult;

/**
 * One execution from its admission to its end: claim, run, report, and after Oz has read the report, clear away.
 * Never rejects: what goes wrong in one task is that task's result.
 */
export async function runExecution(room: ExecutionRoom, active: ActiveExecution, plan: PlanTask): Promise<void> {
  const log = room.log.with(executionFields(active));
  const planned = planSafely(plan, log);
  const spec = planned.kind === "failed" ? undefined : planned.spec;
  if (!(await claim(room, active, spec))) return;
  const redact = createRedactor(spec?.secrets ?? []);
  const result = await runClaimed(room, active, planned, redact, log);
  await report(room, active, result, redact, log);
}

/**
 * An execution that a dead worker had claimed, to its end. It is claimed again: whether the dead worker's own words have
 * reached Oz cannot be known. Never rejects.
 */
export async function followRecovered(
  room: ExecutionRoom,
  active: ActiveExecution,
  recovered: RecoveredExecution,
): Promise<void> {
  const log = room.log.with(executionFields(active));
  const redact = createRedactor(recovered.secrets);
  active.phase = "running";
  active.claim = room.channel.send(taskClaimed(active.execution, room.workerId));
  log.info("task taken over from a worker that is gone");
  const options = { signal: active.abort.signal, onStage: stageLog(log) };
  const result = await recovered.follow(options).catch((error: unknown): ExecutionResult => {
    log.error("the task broke off on a defect of the worker", { reason: redact(reasonOf(error)) });
    return DEFECT;
  });
  await report(room, active, result, redact, log);
}

/** Tells Oz what became of an execution, and clears it away once Oz has read it. Never rejects. */
async function report(
  room: ExecutionRoom,
  active: ActiveExecution,
  result: ExecutionResult,
  redact: Redactor,
  log: Log,
): Promise<void> {
  const { execution } = active;
  const outcome = toOutcome(result, redact);
  active.phase = "reporting";
  active.terminal = terminalMessage(execution, outcome);
  active.delivery = room.channel.send(active.terminal);
  logOutcome(log, outcome, result, redact);
  const tail = showsTail(result) ? logTail(room, active, redact, log) : Promise.resolve();
  await Promise.all([active.delivery.delivered, tail]);
  log.debug("Oz has read the result");
  await room.runtime.release(execution);
  // A redelivery meanwhile was claimed again, and has its own report.
  let last: Delivery | undefined;
  while (active.delivery !== last) {
    last = active.delivery;
    await last.delivered;
  }
}

function planSafely(plan: PlanTask, log: Log): TaskSpecResult {
  try {
    return plan();
  } catch (error) {
    // What the assignment holds could be in the error's words.
    log.error("a task could not be planned, on a defect of the worker", { error: nameOf(error) });
    return DEFECT;
  }
}

async function claim(room: ExecutionRoom, active: ActiveExecution, spec: TaskSpec | undefined): Promise<boolean> {
  const { taskId } = active.execution;
  const answer = await room.runtime.claim(active.execution, spec).catch((error: unknown): ClaimAnswer => {
    room.log.error("a claim broke off on a defect of the worker", { task: taskId, reason: reasonOf(error) });
    const reason = "the worker could not record the claim";
    return { kind: "refused", reason, mayStand: true };
  });
  if (answer.kind === "refused") {
    if (answer.mayStand && room.isDraining()) {
      // This worker will not see whether it stands; the next one reports it, and what was rejected is never claimed.
      room.log.warn("task left without an answer: the next worker finds out whether it is claimed", {
        ...executionFields(active),
        reason: answer.reason,
        said: answer.said,
      });
      return false;
    }
    active.answer?.(taskRejected(active.execution, answer.reason));
    room.often.warn("task rejected", { ...executionFields(active), reason: answer.reason, said: answer.said });
    return false;
  }
  if (answer.kind === "elsewhere" && room.answeredByHeir(active)) return false;
  if (answer.kind === "elsewhere") {
    // Kept for a later link it could come behind that worker's result, and be the last that Oz hears.
    active.answer?.(taskClaimed(active.execution, room.workerId));
    room.often.info(
      "another worker of this id on this daemon has the task: claimed, not run again",
      executionFields(active),
    );
    return false;
  }
  active.claim = room.channel.send(taskClaimed(active.execution, room.workerId));
  active.phase = "running";
  room.log.info("task claimed", executionFields(active));
  return true;
}

async function runClaimed(
  room: ExecutionRoom,
  active: ActiveExecution,
  planned: TaskSpecResult,
  redact: Redactor,
  log: Log,
): Promise<ExecutionResult> {
  try {
    if (planned.kind === "failed") {
      await room.runtime.settle(active.execution, planned);
      return planned;
    }
    const { signal } = active.abort;
    const onSetup = setupReports(room, planned.setup, signal, log);
    return await room.runtime.run(planned.spec, { signal, onStage: stageLog(log), onSetup });
  } catch (error) {
    log.error("the task broke off on a defect of the worker", { reason: redact(reasonOf(error)) });
    await room.runtime.settle(active.execution, DEFECT);
    return DEFECT;
  }
}

/** Nothing is told of a task that is to stop, or that has brought no key to sign with. */
function setupReports(
  room: ExecutionRoom,
  signature: SetupSignature | undefined,
  signal: AbortSignal,
  log: Log,
): (step: SetupStep) => void {
  if (signature === undefined) {
    log.debug("the task has no key of its own: Oz is not told how long its set-up takes");
    return () => {};
  }
  return (step) => {
    if (!signal.aborted) room.setupEvents.report(signature, step);
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

async function logTail(room: ExecutionRoom, active: ActiveExecution, redact: Redactor, log: Log): Promise<void> {
  const tail = await room.runtime.tail(active.execution);
  for (const line of shownLines(tail, redact)) log.warn("output", { line });
}

function executionFields(active: ActiveExecution): { task: string; execution: string | undefined } {
  const { taskId, executionId } = active.execution;
  return { task: taskId, execution: executionId === "" ? undefined : executionId };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { taskClaimed } from "../protocol/client-message.ts";
import type { Delivery } from "../protocol/delivery.ts";
import type { SetupSignature, SetupStep } from "../protocol/setup-event.ts";
import type { Clock } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { messageOf } from "../support/message-of.ts";
import { shownLines } from "../support/output-tail.ts";
import { shorten } from "../support/printable.ts";
import { createRedactor, type Redactor } from "../support/redaction.ts";
import { shownSpan } from "../support/shown-span.ts";
import { whenAborted } from "../support/when-aborted.ts";
import type { ExecutionResult } from "../task/execution-result.ts";
import { type TaskOutcome, terminalMessage, toOutcome } from "../task/task-outcome.ts";
import { type ActiveExecution, executionFields } from "./active-executions.ts";
import type { EndedTask, History } from "./history.ts";
import type { OzChannel } from "./oz-channel.ts";
import type { SetupReporter } from "./setup-reporter.ts";
import type { ClaimedExecution, RunOptions } from "./task-runtime.ts";

export interface SeeThroughOptions {
  readonly channel: OzChannel;
  readonly setupEvents: SetupReporter;
  readonly workerId: string;
  readonly history: History;
  readonly clock: Clock;
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
  const { title, image } = active.about;
  const log = options.log.with({ ...executionFields(active.execution), title });
  const redact = createRedactor(claimed.secrets);
  active.phase = "running";
  active.claim = options.channel.send(taskClaimed(active.execution, options.workerId));
  log.info(origin.kind === "assigned" ? "task claimed" : "task taken over from a worker that is gone", { image });
  const { signal } = active.abort;
  const onSetup = setupReports(options.setupEvents, origin, signal, log);
  const run = { signal, onStage: stages(options, active, origin, log), ...(onSetup === undefined ? {} : { onSetup }) };
  const result = await claimed.outcome(run).catch(async (error: unknown): Promise<ExecutionResult> => {
    log.error("the task broke off on a defect of the worker", { reason: redact(messageOf(error)) });
    await claimed.settle(DEFECT);
    return DEFECT;
  });
  const reported = claimed.lost.aborted ? Promise.resolve() : report(options, active, claimed, result, redact, log);
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
  { channel, history, clock }: SeeThroughOptions,
  active: ActiveExecution,
  claimed: ClaimedExecution,
  result: ExecutionResult,
  redact: Redactor,
  log: Log,
): Promise<void> {
  const outcome = toOutcome(result, redact, active.about);
  active.phase = "reporting";
  active.terminal = terminalMessage(active.execution, outcome);
  active.delivery = channel.send(active.terminal);
  const durationMs = clock.now() - active.since + (active.about.ranForMs ?? 0);
  logOutcome(log.with({ image: active.about.image, duration: shownSpan(durationMs) }), outcome, result, redact);
  const ended = endedTask(active, outcome, result, { endedAt: clock.epoch(), durationMs });
  history.add(ended);
  const tail = showsTail(result) ? logTail(claimed, redact, log, ended) : Promise.resolve();
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

function stages(
  { clock }: SeeThroughOptions,
  active: ActiveExecution,
  origin: Origin,
  log: Log,
): NonNullable<RunOptions["onStage"]> {
  const { image, ranForMs = 0 } = active.about;
  return (stage, container) => {
    active.stage = { name: stage, since: clock.now() - (stage === "running" ? ranForMs : 0) };
    if (container !== undefined) active.container = container;
    if (stage === "running" && origin.kind === "taken over") {
      log.info("task goes on", { container, image, running: shownSpan(ranForMs) });
    } else if (stage === "running") log.info("task started", { container, image });
    else if (stage === "stopping") log.info("stopping the task's container", { container });
    else log.debug(stage === "preparing" ? "pulling images and preparing sidecars" : "creating the container");
  };
}

const MAX_LAST_LINE = 300;

function endedTask(
  { execution, about }: ActiveExecution,
  outcome: TaskOutcome,
  result: ExecutionResult,
  when: Pick<EndedTask, "endedAt" | "durationMs">,
): EndedTask {
  const exitCode = "exitCode" in result ? result.exitCode : undefined;
  return {
    ...execution,
    ...when,
    ...(about.title === undefined ? {} : { title: about.title }),
    ...(about.image === undefined ? {} : { image: about.image }),
    ...(exitCode === undefined ? {} : { exitCode }),
    outcome: outcome.kind,
    ...(outcome.kind === "failed" ? { reason: outcome.reason, message: outcome.message } : {}),
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

async function logTail(claimed: ClaimedExecution, redact: Redactor, log: Log, ended: EndedTask): Promise<void> {
  const tail = await claimed.tail();
  const lines = shownLines(tail, redact);
  for (const line of lines) log.warn("output", { line });
  const last = lines.at(-1);
  if (last !== undefined) ended.lastLine = shorten(last, MAX_LAST_LINE);
}

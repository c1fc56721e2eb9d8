import { type ClientMessage, taskCancelled, taskCompleted, taskFailed } from "../protocol/client-message.ts";
import type { Execution } from "../protocol/execution.ts";
import type { FailureReason } from "../protocol/failure-reason.ts";
import { escapeUnprintable, shorten } from "../support/printable.ts";
import type { Redactor } from "../support/redaction.ts";
import type { ExecutionResult } from "./execution-result.ts";

/** What Oz is told about an execution. A failure's message is complete, bounded and scrubbed. */
export type TaskOutcome =
  | { readonly kind: "completed" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly reason: FailureReason; readonly message: string; readonly exitCode?: number };

/** How every failure message starts; a wire contract with Oz (spec, section 4). */
export const FAILURE_PREFIX = "Failed to execute task: ";
const MAX_MESSAGE_LENGTH = 2_000;

const OUT_OF_MEMORY_CODE = 137;

const EXIT_CODE_MEANINGS: ReadonlyMap<number, string> = new Map([
  [125, "the entrypoint could not start what it runs"],
  [126, "/agent/entrypoint.sh or a command that it runs is not executable"],
  [127, "/agent/entrypoint.sh, its interpreter or a command that it runs was not found"],
  [130, "interrupted by SIGINT"],
  [134, "aborted by SIGABRT"],
  [137, "killed by SIGKILL"],
  [139, "crashed with SIGSEGV"],
  [143, "ended by SIGTERM"],
]);

/** Words for failures that came without any of their own. */
const BARE_DETAILS: Readonly<Record<FailureReason, string>> = {
  image_pull: "the image could not be pulled",
  sidecar_prep: "a sidecar could not be prepared",
  container_create: "the container could not be created",
  container_start: "the container could not be started",
  container_wait: "the end of the container could not be observed",
  container_exit: "the container ended with an error",
  container_oom: "the container ran out of memory",
  task_timeout: "the task took longer than it may and was stopped",
  task_cancelled: "the operator of the worker stopped the task",
  graceful_shutdown: "the worker was shut down before the task was done",
  unknown: "an unexpected error in the worker; its log has more",
};

function failed(reason: FailureReason, detail: string, exitCode?: number): TaskOutcome {
  const plain = escapeUnprintable(detail.replace(/\s+/g, " ").trim());
  const bare = plain.startsWith(FAILURE_PREFIX.trim()) ? plain.slice(FAILURE_PREFIX.trim().length).trim() : plain;
  const message = shorten(`${FAILURE_PREFIX}${bare === "" ? BARE_DETAILS[reason] : bare}`, MAX_MESSAGE_LENGTH);
  return { kind: "failed", reason, message, ...(exitCode === undefined ? {} : { exitCode }) };
}

/** What is known of a task beside its result. */
export interface OutcomeContext {
  /** Its limit in bytes; absent where it had none. */
  readonly memoryBytes?: number | undefined;
}

function exited(exitCode: number, oomKilled: boolean, { memoryBytes }: OutcomeContext): TaskOutcome {
  // Docker sets the flag too when a child was killed for memory and the task went on without it.
  if (exitCode === 0) return { kind: "completed" };
  if (oomKilled && exitCode === OUT_OF_MEMORY_CODE) {
    const limit =
      memoryBytes === undefined
        ? "the machine has no more, and the task has no limit"
        : `its limit is ${Number((memoryBytes / 1024 ** 3).toFixed(2))} GiB; give the task more`;
    const detail = `the container was killed because it ran out of memory (exit code ${exitCode}); ${limit}`;
    return failed("container_oom", detail, exitCode);
  }
  const meaning = EXIT_CODE_MEANINGS.get(exitCode);
  const memory = oomKilled ? "; one of its processes was killed because memory ran out" : "";
  const detail = `the container exited with code ${exitCode}${meaning === undefined ? "" : ` (${meaning})`}${memory}`;
  return failed("container_exit", detail, exitCode);
}

/**
 * Turns what a runtime saw into what Oz is told (spec, section 9). `redact` knows the task's secrets: the detail of a failure
 * may quote the daemon or a registry.
 */
export function toOutcome(result: ExecutionResult, redact: Redactor, context: OutcomeContext = {}): TaskOutcome {
  switch (result.kind) {
    case "exited":
      return exited(result.exitCode, result.oomKilled, context);
    case "failed":
      return failed(result.reason, redact(result.detail), result.exitCode);
    case "stopped":
      switch (result.cause) {
        case "cancelled":
          return { kind: "cancelled" };
        case "operator":
          return failed("task_cancelled", "", result.exitCode);
        case "shutdown":
          return failed("graceful_shutdown", "", result.exitCode);
        case "timeout":
          return failed("task_timeout", "", result.exitCode);
      }
  }
}

/** The one terminal message of a claimed execution. */
export function terminalMessage(execution: Execution, outcome: TaskOutcome): ClientMessage {
  switch (outcome.kind) {
    case "completed":
      return taskCompleted(execution);
    case "cancelled":
      return taskCancelled(execution);
    case "failed":
      return taskFailed(execution, outcome.message, outcome.reason, outcome.exitCode);
  }
}

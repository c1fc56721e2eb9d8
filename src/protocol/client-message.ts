import type { Execution } from "./execution.ts";
import type { FailureReason } from "./failure-reason.ts";

/** Names an execution to Oz; `execution_id` is left out where its assignment had none. */
interface ExecutionIds {
  readonly task_id: string;
  readonly execution_id?: string;
}

/** `task_claimed.data` (spec, section 4). */
export interface TaskClaimed {
  readonly type: "task_claimed";
  readonly data: ExecutionIds & { readonly worker_id: string };
}

/** `task_rejected.data`: Oz keeps the task queued. */
export interface TaskRejected {
  readonly type: "task_rejected";
  readonly data: { readonly task_id: string; readonly reason: string };
}

/** `task_completed.data`; `task_state` is present only where the user cancelled. */
export interface TaskCompleted {
  readonly type: "task_completed";
  readonly data: ExecutionIds & { readonly message: string; readonly task_state?: "CANCELLED" };
}

/** `task_failed.data`; `exit_code` only where a process's exit was seen. */
export interface TaskFailed {
  readonly type: "task_failed";
  readonly data: ExecutionIds & {
    readonly message: string;
    readonly failure_reason: FailureReason;
    readonly exit_code?: number;
  };
}

/** Everything the worker sends to Oz. */
export type ClientMessage = TaskClaimed | TaskRejected | TaskCompleted | TaskFailed;

/** The `reason` of a rejection at capacity; a value of the wire. */
export const AT_CAPACITY = "worker at maximum concurrency";
/** The `reason` of a rejection while the worker ends; a value of the wire. */
export const SHUTTING_DOWN = "worker is shutting down";
/** The `reason` of a rejection by a worker that was to take so many tasks and no more. */
export const QUOTA_REACHED = "worker has taken the tasks that it was to take";

function idsOf({ taskId, executionId }: Execution): ExecutionIds {
  return executionId === "" ? { task_id: taskId } : { task_id: taskId, execution_id: executionId };
}

export function taskClaimed(execution: Execution, workerId: string): TaskClaimed {
  return { type: "task_claimed", data: { ...idsOf(execution), worker_id: workerId } };
}

/** `reason` is one of the two above, or plain words without secrets. */
export function taskRejected({ taskId }: Execution, reason: string): TaskRejected {
  return { type: "task_rejected", data: { task_id: taskId, reason } };
}

export function taskCompleted(execution: Execution): TaskCompleted {
  return { type: "task_completed", data: { ...idsOf(execution), message: "Task completed successfully" } };
}

/** The user asked for the end of the task. */
export function taskCancelled(execution: Execution): TaskCompleted {
  const message = "Task cancelled by user request.";
  return { type: "task_completed", data: { ...idsOf(execution), message, task_state: "CANCELLED" } };
}

/** `exitCode` only where a process's exit was seen; signals are 128+n. */
export function taskFailed(
  execution: Execution,
  message: string,
  reason: FailureReason,
  exitCode?: number,
): TaskFailed {
  const data = { ...idsOf(execution), message, failure_reason: reason };
  return { type: "task_failed", data: exitCode === undefined ? data : { ...data, exit_code: exitCode } };
}

/** The JSON text of one frame. */
export function encodeClientMessage(message: ClientMessage): string {
  return JSON.stringify(message);
}

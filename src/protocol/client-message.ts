import type { FailureReason } from "./failure-reason.ts";

/** `task_claimed.data` (spec, section 4). */
export interface TaskClaimed {
  readonly type: "task_claimed";
  readonly data: { readonly task_id: string; readonly worker_id: string };
}

/** `task_rejected.data`: Oz keeps the task queued. */
export interface TaskRejected {
  readonly type: "task_rejected";
  readonly data: { readonly task_id: string; readonly reason: string };
}

/** `task_completed.data`; `task_state` is present only where the user cancelled. */
export interface TaskCompleted {
  readonly type: "task_completed";
  readonly data: { readonly task_id: string; readonly message: string; readonly task_state?: "CANCELLED" };
}

/** `task_failed.data`; `exit_code` only where a process's exit was seen. */
export interface TaskFailed {
  readonly type: "task_failed";
  readonly data: {
    readonly task_id: string;
    readonly message: string;
    readonly failure_reason: FailureReason;
    readonly exit_code?: number;
  };
}

/** Everything the worker sends to Oz. */
export type ClientMessage = TaskClaimed | TaskRejected | TaskCompleted | TaskFailed;

/** The `reason` of a rejection at capacity; a value of the wire. */
export const AT_CAPACITY = "worker at maximum concurrency";

export function taskClaimed(taskId: string, workerId: string): TaskClaimed {
  return { type: "task_claimed", data: { task_id: taskId, worker_id: workerId } };
}

/** `reason` is `AT_CAPACITY`, or plain words without secrets. */
export function taskRejected(taskId: string, reason: string): TaskRejected {
  return { type: "task_rejected", data: { task_id: taskId, reason } };
}

export function taskCompleted(taskId: string): TaskCompleted {
  return { type: "task_completed", data: { task_id: taskId, message: "Task completed successfully" } };
}

/** The user asked for the end of the task. */
export function taskCancelled(taskId: string): TaskCompleted {
  const message = "Task cancelled by user request.";
  return { type: "task_completed", data: { task_id: taskId, message, task_state: "CANCELLED" } };
}

/** `exitCode` only where a process's exit was seen; signals are 128+n. */
export function taskFailed(taskId: string, message: string, reason: FailureReason, exitCode?: number): TaskFailed {
  const data = { task_id: taskId, message, failure_reason: reason };
  return { type: "task_failed", data: exitCode === undefined ? data : { ...data, exit_code: exitCode } };
}

/** The JSON text of one frame. */
export function encodeClientMessage(message: ClientMessage): string {
  return JSON.stringify(message);
}

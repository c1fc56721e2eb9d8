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

/** The JSON text of one frame. */
export function encodeClientMessage(message: ClientMessage): string {
  return JSON.stringify(message);
}

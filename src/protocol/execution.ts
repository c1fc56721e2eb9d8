/**
 * What runs: one execution of a run. A follow-up reuses the task id with an execution id of its own.
 * `executionId` is empty where the assignment has none.
 */
export interface Execution {
  readonly taskId: string;
  readonly executionId: string;
}

/** A key for maps: equal exactly where task id and execution id are equal. */
export function executionKey(execution: Execution): string {
  return JSON.stringify([execution.taskId, execution.executionId]);
}

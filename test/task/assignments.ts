import { decodeServerMessage } from "../../src/protocol/server-message.ts";
import type { TaskAssignment } from "../../src/protocol/task-assignment.ts";
import type { TaskOptions } from "../../src/task/task-options.ts";

/** Reads `data` as if Oz had sent it; `task_id` and `task` are filled in. */
export function assignmentOf(data: object = {}): TaskAssignment {
  const whole = { task_id: "run-1", execution_id: "exec-1", task: { id: "task-1" }, ...data };
  const message = decodeServerMessage(JSON.stringify({ type: "task_assignment", data: whole }));
  if (message.type !== "task_assignment") throw new Error(`not an assignment: ${JSON.stringify(message)}`);
  return message.assignment;
}

/** An assignment with this snapshot. */
export function withSnapshot(snapshot: object, data: object = {}): TaskAssignment {
  return assignmentOf({ task: { id: "task-1", agent_config_snapshot: snapshot }, ...data });
}

/** A worker whose operator added nothing, unless told otherwise. */
export function optionsOf(options: Partial<TaskOptions> = {}): TaskOptions {
  return { serverRootUrl: "https://oz.example", volumes: [], environment: [], ...options };
}

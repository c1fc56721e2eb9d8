import type { TaskAssignment } from "../../src/protocol/task-assignment.ts";
import { buildAgentArguments } from "../../src/task/agent-arguments.ts";
import type { TaskOptions } from "../../src/task/task-options.ts";
import { readAssignment } from "../support/read-assignment.ts";
import { readAgentCommand } from "../wire/agent-parser.ts";
import { sampleFrame } from "../wire/samples.ts";

/** The least that Oz sends: a user's run without anything beside it. */
const { data: LEAST } = sampleFrame("assignment-user-minimal");

/** Reads `data`, laid over the least assignment, as if Oz had sent it; `task` is laid over a task without an owner. */
export function assignmentOf(data: { readonly task?: object; readonly [field: string]: unknown } = {}): TaskAssignment {
  const task = { ...Object(LEAST.task), id: "task-1", owner: null, ...data.task };
  const whole = { ...LEAST, task_id: "run-1", execution_id: "exec-1", ...data, task };
  return readAssignment(JSON.stringify({ type: "task_assignment", data: whole }));
}

/** An assignment with this snapshot. */
export function withSnapshot(snapshot: object, data: object = {}): TaskAssignment {
  return assignmentOf({ ...data, task: { agent_config_snapshot: snapshot } });
}

/** A worker whose operator added nothing, unless told otherwise. */
export function optionsOf(options: Partial<TaskOptions> = {}): TaskOptions {
  return { serverRootUrl: "https://oz.example", volumes: [], environment: [], ...options };
}

/** The agent's arguments, which an agent must be able to read. */
export function argumentsOf(assignment: TaskAssignment, options: TaskOptions): readonly string[] {
  const words = buildAgentArguments(assignment, options);
  readAgentCommand(words);
  return words;
}

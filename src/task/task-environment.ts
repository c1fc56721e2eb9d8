import type { TaskAssignment } from "../protocol/task-assignment.ts";
import type { TaskOptions } from "./task-options.ts";

/**
 * The container's environment as `KEY=VALUE`, each name once, a later source winning over an earlier one: what the agent
 * needs, the assignment's variables, the operator's. Nothing of the worker's own environment is in it.
 */
export function buildEnvironment(assignment: TaskAssignment, options: TaskOptions): readonly string[] {
  const variables = new Map<string, string>([
    ["TASK_ID", assignment.task.id],
    ["GIT_TERMINAL_PROMPT", "0"],
    ["GH_PROMPT_DISABLED", "1"],
    ["WARP_SERVER_ROOT_URL", options.serverRootUrl],
    ...assignment.env_vars,
  ]);
  for (const { name, value } of options.environment) variables.set(name, value);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

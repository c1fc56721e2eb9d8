import type { TaskAssignment } from "../protocol/task-assignment.ts";
import { MIN_SECRET_LENGTH } from "../support/redaction.ts";
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

/** Every text inside of a JSON value, names of fields aside. Not recursive: the value may be nested deeply. */
function textsIn(root: unknown): string[] {
  const texts: string[] = [];
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "string") texts.push(value);
    if (typeof value !== "object" || value === null) continue;
    for (const child of Object.values(value)) open.push(child);
  }
  return texts;
}

/**
 * Every value of a task that must never be shown: of the assignment's and the operator's variables, of the MCP servers'
 * configuration, of what telemetry and a harness sign in with. Each once; without those that are too short to be told from ordinary output.
 */
export function collectSecrets(assignment: TaskAssignment, options: TaskOptions): readonly string[] {
  const snapshot = assignment.task.agent_config_snapshot;
  const values = [
    ...assignment.env_vars.map(([, value]) => value),
    ...options.environment.map(({ value }) => value),
    ...textsIn(snapshot?.mcp_servers?.value),
    ...textsIn(snapshot?.harness_auth_secrets),
    ...textsIn(assignment.telemetry_collection),
  ];
  return worthHiding(values);
}

/** Variables that the agent needs, or that every image has: their values are no secrets. */
const PLAIN_VARIABLES = new Set([
  "TASK_ID",
  "GIT_TERMINAL_PROMPT",
  "GH_PROMPT_DISABLED",
  "WARP_SERVER_ROOT_URL",
  "PATH",
  "HOME",
]);

/** The same of a task whose assignment is not at hand: from its container's environment and command. */
export function secretsOfContainer(environment: readonly string[], command: readonly string[]): readonly string[] {
  const variables = environment.map((entry) => [entry.split("=", 1)[0] ?? "", entry.slice(entry.indexOf("=") + 1)]);
  const values = variables.flatMap(([name = "", value = ""]) => (PLAIN_VARIABLES.has(name) ? [] : value));
  const mcp = command.flatMap((argument, index) => (command[index - 1] === "--mcp" ? textsIn(parsed(argument)) : []));
  return worthHiding([...values, ...mcp]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function worthHiding(values: readonly string[]): readonly string[] {
  return [...new Set(values)].filter((value) => value.trim().length >= MIN_SECRET_LENGTH);
}

import { type AgentConfigSnapshot, isOzHarness } from "../protocol/agent-config-snapshot.ts";
import type { TaskAssignment } from "../protocol/task-assignment.ts";
import type { TaskOptions } from "./task-options.ts";
import { trimmed } from "./trimmed.ts";

const PUBLIC_ACCESS: ReadonlyMap<string, string> = new Map([
  ["VIEWER", "public:view"],
  ["EDITOR", "public:edit"],
]);

/**
 * A flag and its value as two arguments; nothing where there is no value. One that begins with a dash would be read as a
 * flag of its own, and stands in one argument with its flag.
 */
function pair(flag: string, value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  return value.startsWith("-") ? [`${flag}=${value}`] : [flag, value];
}

function modelArguments(snapshot: AgentConfigSnapshot): readonly string[] {
  return isOzHarness(snapshot.harness?.type) ? pair("--model", trimmed(snapshot.model_id)) : [];
}

function mcpArguments({ mcp_servers: servers }: AgentConfigSnapshot): readonly string[] {
  return servers === undefined || Object.keys(servers.value).length === 0 ? [] : ["--mcp", servers.text];
}

function computerUseArguments(snapshot: AgentConfigSnapshot): readonly string[] {
  const isOz = isOzHarness(snapshot.harness?.type);
  if (!(snapshot.computer_use_enabled ?? isOz)) return ["--no-computer-use"];
  return ["--computer-use", ...(isOz ? pair("--computer-use-model", trimmed(snapshot.computer_use_model_id)) : [])];
}

function bedrockArguments(snapshot: AgentConfigSnapshot): readonly string[] {
  const aws = snapshot.inference_providers?.aws;
  const role = trimmed(aws?.role_arn);
  const region = trimmed(aws?.region);
  // The agent refuses the one without the other.
  if (aws?.disabled === true || role === undefined || region === undefined) return [];
  return [...pair("--bedrock-inference-role", role), ...pair("--bedrock-role-region", region)];
}

function publicShareArguments(snapshot: AgentConfigSnapshot): readonly string[] {
  return pair("--share", PUBLIC_ACCESS.get(trimmed(snapshot.session_sharing?.public_access) ?? ""));
}

function secondsArguments(flag: string, seconds: number | undefined): readonly string[] {
  return seconds !== undefined && seconds > 0 ? [flag, `${seconds}s`] : [];
}

function snapshotArguments(snapshot: AgentConfigSnapshot): readonly string[] {
  return [
    ...modelArguments(snapshot),
    ...pair("--profile", trimmed(snapshot.profile_id)),
    ...pair("--skill", trimmed(snapshot.skill_spec)),
    ...mcpArguments(snapshot),
    ...computerUseArguments(snapshot),
    ...bedrockArguments(snapshot),
    ...pair("--harness", trimmed(snapshot.harness?.type)),
    ...publicShareArguments(snapshot),
    ...(snapshot.snapshot_disabled === true ? ["--no-snapshot"] : []),
    ...secondsArguments("--snapshot-upload-timeout", snapshot.snapshot_upload_timeout_secs),
    ...secondsArguments("--snapshot-script-timeout", snapshot.snapshot_script_timeout_secs),
    ...pair("--environment", trimmed(snapshot.environment_id)),
    ...repositoryArguments(snapshot),
  ];
}

function repositoryArguments({ repository_head_overrides: overrides }: AgentConfigSnapshot): readonly string[] {
  if (overrides.length === 0) return [];
  const entries = overrides.flatMap(({ text }) => ["--repository-head-override-json", text]);
  return [...entries, "--remove-repository-origins"];
}

function idleArguments(snapshot: AgentConfigSnapshot | undefined, options: TaskOptions): readonly string[] {
  const minutes = snapshot?.idle_timeout_minutes ?? 0;
  const duration = minutes > 0 ? `${minutes}m` : trimmed(options.idleOnComplete);
  return duration === undefined ? ["--idle-on-complete"] : ["--idle-on-complete", duration];
}

/**
 * The arguments of `/agent/entrypoint.sh`, in the order of the contract (spec, section 5). They may hold secrets of the
 * MCP servers' configuration and are never shown.
 */
export function buildAgentArguments(assignment: TaskAssignment, options: TaskOptions): readonly string[] {
  const { task } = assignment;
  const snapshot = task.agent_config_snapshot;
  return [
    "agent",
    "run",
    ...(task.owner?.Type === "TEAM" ? ["--share", "team:edit"] : []),
    ...[...pair("--task-id", task.id), "--sandboxed", "--server-root-url", options.serverRootUrl],
    ...(snapshot === undefined ? [] : snapshotArguments(snapshot)),
    ...assignment.additional_oz_args,
    ...idleArguments(snapshot, options),
    ...pair("--session-sharing-server-url", trimmed(options.sessionSharingServerUrl)),
  ];
}

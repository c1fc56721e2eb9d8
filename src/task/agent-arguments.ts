import type { AgentConfigSnapshot, TaskAssignment } from "../protocol/task-assignment.ts";
import type { TaskOptions } from "./task-options.ts";
import { trimmed } from "./trimmed.ts";

/** The agent's own harness; an absent or blank one means it. */
const OZ_HARNESS = "oz";

const PUBLIC_ACCESS: ReadonlyMap<string, string> = new Map([
  ["VIEWER", "public:view"],
  ["EDITOR", "public:edit"],
]);

/** A flag and its value as two arguments; nothing where there is no value. */
function pair(flag: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [flag, value];
}

function harnessOf(snapshot: AgentConfigSnapshot): string {
  return trimmed(snapshot.harness?.type) ?? OZ_HARNESS;
}

function modelArguments(snapshot: AgentConfigSnapshot): readonly string[] {
  return harnessOf(snapshot) === OZ_HARNESS ? pair("--model", trimmed(snapshot.model_id)) : [];
}

function mcpArguments({ mcp_servers: servers }: AgentConfigSnapshot): readonly string[] {
  if (servers === undefined || Object.keys(servers).length === 0) return [];
  return ["--mcp", JSON.stringify(servers)];
}

function computerUseArguments(snapshot: AgentConfigSnapshot): readonly string[] {
  const enabled = snapshot.computer_use_enabled ?? harnessOf(snapshot) === OZ_HARNESS;
  return [enabled ? "--computer-use" : "--no-computer-use"];
}

function bedrockArguments(snapshot: AgentConfigSnapshot): readonly string[] {
  const aws = snapshot.inference_providers?.aws;
  const role = trimmed(aws?.role_arn);
  if (aws === undefined || aws.disabled === true || role === undefined) return [];
  return ["--bedrock-inference-role", role, ...pair("--bedrock-role-region", trimmed(aws.region))];
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
  ];
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
    ...["--task-id", task.id, "--sandboxed", "--server-root-url", options.serverRootUrl],
    ...(snapshot === undefined ? [] : snapshotArguments(snapshot)),
    ...assignment.additional_oz_args,
    ...idleArguments(snapshot, options),
    ...pair("--session-sharing-server-url", trimmed(options.sessionSharingServerUrl)),
  ];
}

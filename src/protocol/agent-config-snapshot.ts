import * as v from "valibot";
import { anyObject, flag, isObject, listOf, objectOf, optional, text, wholeNumber } from "./wire-schema.ts";

/** Far more than a run has repositories. */
const MAX_REPOSITORIES = 256;

/** A role of Bedrock goes with a region: the agent refuses the one without the other. */
const Aws = v.pipe(
  objectOf({ disabled: optional(flag), role_arn: optional(text), region: optional(text) }),
  v.forward(
    v.check((aws) => isBlank(aws.role_arn) || !isBlank(aws.region), "required with role_arn"),
    ["region"],
  ),
);

const Fields = objectOf({
  environment_id: optional(text),
  model_id: optional(text),
  profile_id: optional(text),
  skill_spec: optional(text),
  /** Goes to the agent whole; may hold secrets. */
  mcp_servers: optional(anyObject),
  computer_use_enabled: optional(flag),
  computer_use_model_id: optional(text),
  idle_timeout_minutes: optional(wholeNumber),
  harness: optional(objectOf({ type: optional(text) })),
  inference_providers: optional(objectOf({ aws: optional(Aws) })),
  session_sharing: optional(objectOf({ public_access: optional(text) })),
  snapshot_disabled: optional(flag),
  snapshot_upload_timeout_secs: optional(wholeNumber),
  snapshot_script_timeout_secs: optional(wholeNumber),
  /** Each goes to the agent whole. */
  repository_head_overrides: listOf(anyObject, MAX_REPOSITORIES),
  /** Not acted on; it is looked through for secrets. */
  harness_auth_secrets: v.optional(v.unknown()),
});

/**
 * `task.agent_config_snapshot` (spec, section 4): how the agent of this run is set up, as far as the worker acts on it. What
 * the other fields make meaningless is left out before it is looked at.
 */
export const AgentConfigSnapshot = v.pipe(v.unknown(), v.transform(withoutUnused), Fields);
export type AgentConfigSnapshot = v.InferOutput<typeof Fields>;

/** The agent's own harness; an absent or blank one means it. */
const OZ_HARNESS = "oz";

/** Whether the agent's own harness is to run. */
export function isOzHarness(type: unknown): boolean {
  return isBlank(type) || (typeof type === "string" && type.trim() === OZ_HARNESS);
}

function withoutUnused(value: unknown): unknown {
  if (!isObject(value)) return value;
  const used = { ...value };
  const isOz = isOzHarness(member(value.harness, "type"));
  if (!isOz) delete used.model_id;
  if (!isOz || value.computer_use_enabled === false) delete used.computer_use_model_id;
  const aws = member(value.inference_providers, "aws");
  if (isObject(aws)) used.inference_providers = { aws: usedOfAws(aws) };
  return used;
}

function usedOfAws(aws: Readonly<Record<string, unknown>>): unknown {
  if (aws.disabled === true) return { disabled: true };
  return isBlank(aws.role_arn) ? { ...aws, role_arn: null, region: null } : aws;
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

import * as v from "valibot";
import { EnvironmentVariables } from "./environment-variables.ts";
import { anyObject, flag, listOf, objectOf, optional, text, wholeNumber } from "./wire-schema.ts";

/** `task.agent_config_snapshot` (spec, section 4): how the agent of this run is set up. */
export const AgentConfigSnapshot = objectOf({
  environment_id: optional(text),
  base_prompt: optional(text),
  model_id: optional(text),
  profile_id: optional(text),
  skill_spec: optional(text),
  /** Kept as it came: it goes to the agent whole. May hold secrets. */
  mcp_servers: optional(anyObject),
  computer_use_enabled: optional(flag),
  idle_timeout_minutes: optional(wholeNumber),
  harness: optional(objectOf({ type: optional(text) })),
  inference_providers: optional(
    objectOf({
      aws: optional(objectOf({ disabled: optional(flag), role_arn: optional(text), region: optional(text) })),
    }),
  ),
  session_sharing: optional(objectOf({ public_access: optional(text) })),
  snapshot_disabled: optional(flag),
  snapshot_upload_timeout_secs: optional(wholeNumber),
  snapshot_script_timeout_secs: optional(wholeNumber),
});
export type AgentConfigSnapshot = v.InferOutput<typeof AgentConfigSnapshot>;

/** An entry of `additional_sidecars`; whether image and path are usable is judged when the task is put together. */
export const SidecarAssignment = objectOf({
  image: optional(text),
  mount_path: optional(text),
  read_write: optional(flag),
});
export type SidecarAssignment = v.InferOutput<typeof SidecarAssignment>;

/** More than any machine has, and little enough that the limits computed from it are exact. */
const shapeAxis = v.pipe(wholeNumber, v.maxValue(1_000_000, "expected a whole number up to 1000000"));

const Task = objectOf({
  id: optional(text),
  title: optional(text),
  task_definition: optional(objectOf({ prompt: optional(text) })),
  created_at: optional(text),
  updated_at: optional(text),
  owner: optional(objectOf({ Type: optional(text), Id: optional(text) })),
  agent_config_snapshot: optional(AgentConfigSnapshot),
  agent_conversation_id: optional(text),
});

/**
 * `task_assignment.data` (spec, section 4), with the names of the wire. `null` has become absent, lists are never absent,
 * `execution_id` is empty where there is none, and `task.id` falls back to `task_id`.
 */
export const TaskAssignment = v.pipe(
  objectOf({
    task_id: text,
    execution_id: v.nullish(text, ""),
    task: Task,
    docker_image: optional(text),
    sidecar_image: optional(text),
    env_vars: v.nullish(EnvironmentVariables, () => ({})),
    additional_sidecars: listOf(SidecarAssignment),
    additional_oz_args: listOf(text),
    instance_shape: optional(objectOf({ vcpus: optional(shapeAxis), memory_gb: optional(shapeAxis) })),
  }),
  v.transform((data) => {
    const id = data.task.id !== undefined && data.task.id.trim() !== "" ? data.task.id : data.task_id;
    return { ...data, task: { ...data.task, id } };
  }),
);
export type TaskAssignment = v.InferOutput<typeof TaskAssignment>;

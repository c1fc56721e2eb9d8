import * as v from "valibot";
import { AgentConfigSnapshot } from "./agent-config-snapshot.ts";
import { EnvironmentVariables } from "./environment-variables.ts";
import { executionId, id } from "./wire-id.ts";
import { flag, listOf, objectOf, optional, text, wholeNumber } from "./wire-schema.ts";

/** Far more than the agent has; each is an image to pull. */
export const MAX_SIDECARS = 32;
/** Far more than anybody writes. */
const MAX_ARGUMENTS = 1_000;

/** An entry of `additional_sidecars`; whether image and path are usable is judged when the task is put together. */
export const SidecarAssignment = objectOf({
  image: optional(text),
  mount_path: optional(text),
  read_write: optional(flag),
});
export type SidecarAssignment = v.InferOutput<typeof SidecarAssignment>;

/** More than any machine has, and little enough that the limits computed from it are exact. */
const shapeAxis = v.pipe(wholeNumber, v.maxValue(1_000_000, "expected a whole number up to 1000000"));

/** `Id` is a number, and nothing that the worker acts on. */
const Owner = objectOf({ Type: optional(text) });

const Task = objectOf({
  id: optional(id),
  /** For people alone: one that cannot be read is none. */
  title: v.fallback(v.optional(v.string()), undefined),
  owner: optional(Owner),
  agent_config_snapshot: optional(AgentConfigSnapshot),
});

/**
 * `task_assignment.data` (spec, section 4), with the names of the wire: the fields that the worker acts on, and no other,
 * since only what is used can be wrong. `null` has become absent, lists are never absent, `execution_id` is empty where
 * there is none, and `task.id` falls back to `task_id`.
 */
export const TaskAssignment = v.pipe(
  objectOf({
    task_id: id,
    execution_id: executionId,
    task: Task,
    docker_image: optional(text),
    sidecar_image: optional(text),
    env_vars: v.nullish(EnvironmentVariables, () => ({})),
    additional_sidecars: listOf(SidecarAssignment, MAX_SIDECARS),
    additional_oz_args: listOf(text, MAX_ARGUMENTS),
    instance_shape: optional(objectOf({ vcpus: optional(shapeAxis), memory_gb: optional(shapeAxis) })),
    /** Not acted on; it is looked through for secrets. */
    telemetry_collection: v.optional(v.unknown()),
  }),
  v.transform((data) => {
    const taskId = data.task.id !== undefined && data.task.id.trim() !== "" ? data.task.id : data.task_id;
    return { ...data, task: { ...data.task, id: taskId } };
  }),
);
export type TaskAssignment = v.InferOutput<typeof TaskAssignment>;

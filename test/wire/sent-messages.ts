/*
 * The table "sent" of the contract (spec, section 4) and the failure reasons (section 9), written down once more: nothing
 * here is taken from the worker's own code, which is held against it.
 */

/** What a field holds. */
export type FieldRule =
  | { readonly holds: "text" }
  | { readonly holds: "the worker's id" }
  | { readonly holds: "an exit code" }
  | { readonly holds: "one of"; readonly values: readonly string[] }
  | { readonly holds: "words behind"; readonly prefix: string };

export interface MessageRule {
  /** `data` has these, and no other key beside the optional ones. */
  readonly required: Readonly<Record<string, FieldRule>>;
  readonly optional?: Readonly<Record<string, FieldRule>>;
}

const text: FieldRule = { holds: "text" };
/** Left out where the assignment has none. */
const ofExecution = { execution_id: text };

export const FAILURE_REASON_VALUES = [
  ...["image_pull", "sidecar_prep", "container_create", "container_start", "container_wait", "container_exit"],
  ...["container_oom", "task_timeout", "task_cancelled", "graceful_shutdown", "unknown"],
];

/** Every message that the worker may send; a type with several forms has one entry each. */
export const SENT_MESSAGES: Readonly<Record<string, readonly MessageRule[]>> = {
  task_claimed: [{ required: { task_id: text, worker_id: { holds: "the worker's id" } }, optional: ofExecution }],
  task_rejected: [{ required: { task_id: text, reason: text } }],
  task_completed: [
    {
      required: { task_id: text, message: { holds: "one of", values: ["Task completed successfully"] } },
      optional: ofExecution,
    },
    {
      required: {
        task_id: text,
        message: { holds: "one of", values: ["Task cancelled by user request."] },
        task_state: { holds: "one of", values: ["CANCELLED"] },
      },
      optional: ofExecution,
    },
  ],
  task_failed: [
    {
      required: {
        task_id: text,
        message: { holds: "words behind", prefix: "Failed to execute task: " },
        failure_reason: { holds: "one of", values: FAILURE_REASON_VALUES },
      },
      optional: { ...ofExecution, exit_code: { holds: "an exit code" } },
    },
  ],
};

/** `POST <server-root-url>/api/v1/agent/runs/<task_id>/client-events`. */
export const SETUP_EVENT_NAMES = [
  "setup_worker_image_pull",
  "setup_worker_sidecar_prep",
  "setup_worker_container_start",
];

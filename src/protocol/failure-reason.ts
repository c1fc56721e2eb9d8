/** The closed set of values of `task_failed.failure_reason`; a wire contract with Oz (spec, section 9). */
export const FAILURE_REASONS = [
  "image_pull",
  "sidecar_prep",
  "container_create",
  "container_start",
  "container_wait",
  "container_exit",
  "container_oom",
  "task_timeout",
  "task_cancelled",
  "graceful_shutdown",
  "unknown",
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

import type { FailureReason } from "../protocol/failure-reason.ts";
import { type SetupSignature, setupSignature } from "../protocol/setup-event.ts";
import type { TaskAssignment } from "../protocol/task-assignment.ts";
import { escapeUnprintable, shorten } from "../support/printable.ts";
import { createRedactor } from "../support/redaction.ts";
import { buildAgentArguments } from "./agent-arguments.ts";
import { processProblem } from "./process-problem.ts";
import { buildEnvironment } from "./task-environment.ts";
import type { TaskOptions } from "./task-options.ts";
import { collectSecrets } from "./task-secrets.ts";
import { AGENT_MOUNT_PATH, planSidecars } from "./task-sidecars.ts";
import type { TaskLimits, TaskSpec } from "./task-spec.ts";
import { trimmed } from "./trimmed.ts";

/** Of an assignment that names none (spec, section 4). */
const DEFAULT_IMAGE = "ubuntu:22.04";
const ENTRYPOINT = `${AGENT_MOUNT_PATH}/entrypoint.sh`;
const WORKING_DIRECTORY = "/workspace";

const NANO_CPUS_PER_CPU = 1_000_000_000;
const BYTES_PER_GIB = 1024 ** 3;

/**
 * What to run, and who tells of its set-up, or why that is impossible; the failure is an `ExecutionResult` as it stands.
 */
export type TaskSpecResult =
  | { readonly kind: "ready"; readonly spec: TaskSpec; readonly setup?: SetupSignature }
  | { readonly kind: "failed"; readonly reason: FailureReason; readonly detail: string };

function limitsOf({ instance_shape: shape }: TaskAssignment): TaskLimits {
  const cpus = shape?.vcpus ?? 0;
  const gibibytes = shape?.memory_gb ?? 0;
  return {
    ...(cpus > 0 ? { nanoCpus: cpus * NANO_CPUS_PER_CPU } : {}),
    ...(gibibytes > 0 ? { memoryBytes: gibibytes * BYTES_PER_GIB } : {}),
  };
}

function secretsOf(assignment: TaskAssignment, options: TaskOptions): readonly string[] {
  const { mcp_servers: servers, harness_auth_secrets: harness } = assignment.task.agent_config_snapshot ?? {};
  const variables = [...assignment.env_vars.map(([name, value]) => ({ name, value })), ...options.environment];
  return collectSecrets({
    environment: variables.filter(({ name }) => options.plainEnvironment?.includes(name) !== true),
    // The last ones are looked through first; only these reach the task.
    objects: [
      { telemetry_collection: assignment.telemetry_collection },
      { harness_auth_secrets: harness },
      { mcp_servers: servers?.value },
    ],
    args: assignment.additional_oz_args,
  });
}

const MAX_TITLE = 80;

/** It is written by people, and may hold what they should not have written there. */
function shownTitle({ task }: TaskAssignment, secrets: readonly string[]): { title?: string } {
  const title = trimmed(task.title?.slice(0, MAX_TITLE * 4).replace(/\s+/g, " "));
  return title === undefined ? {} : { title: shorten(escapeUnprintable(createRedactor(secrets)(title)), MAX_TITLE) };
}

/**
 * Makes everything that a runtime needs out of an assignment and the operator's options. Fails with `sidecar_prep` for
 * sidecars that are refused, with `container_create` for arguments and variables that no process can receive.
 */
export function buildTaskSpec(assignment: TaskAssignment, options: TaskOptions): TaskSpecResult {
  const plan = planSidecars(assignment, options);
  if (plan.kind === "refused") return { kind: "failed", reason: "sidecar_prep", detail: plan.problem };

  const command = [ENTRYPOINT, ...buildAgentArguments(assignment, options)];
  const environment = buildEnvironment(assignment, options);
  const problem = processProblem(command, environment);
  if (problem !== undefined) return { kind: "failed", reason: "container_create", detail: problem };
  const setup = setupSignature(assignment);
  const secrets = secretsOf(assignment, options);
  return {
    kind: "ready",
    ...(setup === undefined ? {} : { setup }),
    spec: {
      execution: { taskId: assignment.task_id, executionId: assignment.execution_id },
      ...shownTitle(assignment, secrets),
      image: trimmed(assignment.docker_image) ?? options.defaultImage ?? DEFAULT_IMAGE,
      ...(trimmed(assignment.docker_image) === undefined ? { isDefaultImage: true } : {}),
      command,
      environment,
      workingDirectory: WORKING_DIRECTORY,
      sidecars: plan.sidecars,
      volumes: options.volumes,
      limits: limitsOf(assignment),
      secrets,
    },
  };
}

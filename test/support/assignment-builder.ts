/** What a test may set of an assignment; everything else is filled in. `task` is laid over the default task. */
export interface AssignmentParts {
  readonly task_id?: string;
  readonly execution_id?: string;
  readonly docker_image?: string;
  readonly sidecar_image?: string;
  readonly env_vars?: Readonly<Record<string, string>>;
  readonly additional_sidecars?: readonly { image: string; mount_path: string; read_write?: boolean }[];
  readonly additional_oz_args?: readonly string[];
  readonly instance_shape?: { vcpus?: number; memory_gb?: number };
  readonly task?: Readonly<Record<string, unknown>>;
  /** Laid over the default task's snapshot. */
  readonly agent_config_snapshot?: Readonly<Record<string, unknown>>;
}

/** `task_assignment.data` as Oz sends it. */
export interface AssignmentData extends Omit<AssignmentParts, "agent_config_snapshot"> {
  readonly task_id: string;
  readonly execution_id: string;
}

let made = 0;

/** A full, valid assignment; ids are fresh unless given. */
export function assignment(parts: AssignmentParts = {}): AssignmentData {
  made += 1;
  const { agent_config_snapshot: snapshot, task, ...rest } = parts;
  const taskId = parts.task_id ?? `task-${made}-${crypto.randomUUID().slice(0, 8)}`;
  return {
    docker_image: "127.0.0.1:5000/oz-test/task:latest",
    sidecar_image: "127.0.0.1:5000/oz-test/agent:latest",
    env_vars: { WARP_API_KEY: "wk-task-secret" },
    additional_sidecars: [],
    additional_oz_args: [],
    ...rest,
    task_id: taskId,
    execution_id: parts.execution_id ?? `execution-${made}`,
    task: {
      id: taskId,
      title: "Say hello",
      task_definition: { prompt: "Say hello to the world" },
      created_at: "2025-01-02T03:04:05Z",
      updated_at: "2025-01-02T03:04:06Z",
      owner: { Type: "USER", Id: "user-1" },
      agent_conversation_id: "",
      agent_config_snapshot: { environment_id: "environment-1", ...snapshot },
      ...task,
    },
  };
}

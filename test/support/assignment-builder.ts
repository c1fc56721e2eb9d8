import { sampleFrame } from "../wire/samples.ts";
import { isRecord } from "./json-record.ts";

/** What a test may set of an assignment; everything else is a sample's. */
export interface AssignmentParts {
  readonly task_id?: string;
  /** Empty: the assignment has none. */
  readonly execution_id?: string;
  readonly docker_image?: string;
  readonly sidecar_image?: string;
  /** Laid over the sample's. */
  readonly env_vars?: Readonly<Record<string, string>>;
  readonly additional_sidecars?: readonly { image: string; mount_path: string; read_write?: boolean }[];
  readonly additional_oz_args?: readonly string[];
  readonly instance_shape?: { vcpus?: number; memory_gb?: number };
  /** Laid over the sample's task. */
  readonly task?: Readonly<Record<string, unknown>>;
  /** In place of the sample's. */
  readonly agent_config_snapshot?: Readonly<Record<string, unknown>>;
}

/** `task_assignment.data` as Oz sends it. */
export interface AssignmentData extends Omit<AssignmentParts, "agent_config_snapshot"> {
  readonly task_id: string;
  readonly execution_id?: string;
}

/** A team's run with everything that Oz puts into one. */
const SAMPLE = sampleFrame("assignment-team");
/** What a test's machine does not have, and a test asks for where it is about that. */
const LEFT_OUT = { additional_sidecars: [], instance_shape: null };

let made = 0;

/** A full, valid assignment; ids are fresh unless given. */
export function assignment(parts: AssignmentParts = {}): AssignmentData {
  made += 1;
  const { agent_config_snapshot: snapshot, task, env_vars: variables, execution_id: given, ...rest } = parts;
  const { task: sampleTask, env_vars: sampleVariables, execution_id: _, ...sample } = SAMPLE.data;
  if (!isRecord(sampleTask) || !isRecord(sampleVariables)) throw new Error("the sample has no task or no variables");
  const taskId = parts.task_id ?? `task-${made}-${crypto.randomUUID().slice(0, 8)}`;
  const executionId = given ?? `execution-${made}`;
  const data = {
    ...sample,
    ...LEFT_OUT,
    docker_image: "127.0.0.1:5000/oz-test/task:latest",
    sidecar_image: "127.0.0.1:5000/oz-test/agent:latest",
    ...rest,
    env_vars: { ...sampleVariables, ...variables },
    task_id: taskId,
    ...(executionId === "" ? {} : { execution_id: executionId }),
    task: {
      ...sampleTask,
      id: taskId,
      ...(snapshot === undefined ? {} : { agent_config_snapshot: snapshot }),
      ...task,
    },
  };
  return JSON.parse(JSON.stringify(data));
}

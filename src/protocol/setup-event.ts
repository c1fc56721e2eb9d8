import type { TaskAssignment } from "./task-assignment.ts";

/** A step of a task's way to its container that Oz is told the length of; times are milliseconds since 1970. */
export interface SetupStep {
  readonly name: "image_pull" | "sidecar_prep" | "container_start";
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly isError: boolean;
}

/** Who tells of a step: the task itself, with its own key. Both texts are secrets. */
export interface SetupSignature {
  readonly taskId: string;
  readonly apiKey: string;
  readonly workloadToken?: string;
}

/** The body of a client event (spec, section 4); times are RFC 3339. */
export interface SetupEvent {
  readonly event_uuid: string;
  readonly event_name: string;
  readonly timestamp: string;
  readonly payload: {
    readonly start_ts: string;
    readonly finish_ts: string;
    readonly latency_ms: number;
    readonly is_error: boolean;
  };
}

/** The signature of an assignment's events; `undefined` where it brings no key. */
export function setupSignature({ task_id: taskId, env_vars: variables }: TaskAssignment): SetupSignature | undefined {
  const given = new Map(variables);
  const apiKey = given.get("WARP_API_KEY") ?? "";
  const workloadToken = given.get("WARP_WORKLOAD_TOKEN") ?? "";
  if (apiKey === "") return undefined;
  return { taskId, apiKey, ...(workloadToken === "" ? {} : { workloadToken }) };
}

/** Where an event is posted to, under the root of the server. */
export function setupEventPath(taskId: string): string {
  return `/api/v1/agent/runs/${encodeURIComponent(taskId)}/client-events`;
}

/** The headers that sign an event. */
export function setupEventHeaders({ taskId, apiKey, workloadToken }: SetupSignature): Readonly<Record<string, string>> {
  return {
    Authorization: `Bearer ${apiKey}`,
    "X-Warp-Cloud-Agent-ID": taskId,
    ...(workloadToken === undefined ? {} : { "X-Warp-Ambient-Workload-Token": workloadToken }),
  };
}

/** The event of a step; `uuid` is its own. */
export function setupEvent(step: SetupStep, uuid: string): SetupEvent {
  const rfc3339 = (epochMs: number) => new Date(epochMs).toISOString();
  return {
    event_uuid: uuid,
    event_name: `setup_worker_${step.name}`,
    timestamp: rfc3339(step.finishedAt),
    payload: {
      start_ts: rfc3339(step.startedAt),
      finish_ts: rfc3339(step.finishedAt),
      // The clock may have been set back meanwhile.
      latency_ms: Math.max(0, Math.round(step.finishedAt - step.startedAt)),
      is_error: step.isError,
    },
  };
}

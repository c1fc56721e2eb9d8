import type { PlannedTask } from "./plan.ts";

/** What a terminal message says, in one word and perhaps a code: `completed`, `cancelled`, `container_exit 3`. */
export type Verdict = string;

/** What happened to a task beside its own work. */
export interface Disturbances {
  /** A worker was killed before the task's container had been started. */
  readonly killedBeforeStart: boolean;
  /** A worker was stopped by SIGTERM while it may have had the task. */
  readonly workerStopped: boolean;
  /** The daemon was restarted while the container ran. */
  readonly daemonRestarted: boolean;
  /** It was killed more than once, perhaps while it cleared up after the first time: see `ENDS_UNRECORDED_MS`. */
  readonly daemonKilledTwice: boolean;
  /** How long after the start of the container it was killed; milliseconds. */
  readonly daemonKilledAfterMs: readonly number[];
  /** Somebody removed the container by hand. */
  readonly removed: boolean;
}

/**
 * Between the end of a container and the moment at which the engine (20.10) writes down its code there may be that long,
 * on a machine with all hands full: it waits for the last of the output. One that is killed in between calls it "exited 0"
 * when it is back.
 */
const ENDS_UNRECORDED_MS = 3_000;

/** What a message of the worker says. */
export function verdictOf(type: string, data: Readonly<Record<string, unknown>>): Verdict {
  if (type === "task_completed") return data.task_state === "CANCELLED" ? "cancelled" : "completed";
  const code = data.exit_code === undefined ? "" : ` ${data.exit_code}`;
  return `${data.failure_reason}${code}`;
}

/** Whether a task may end like that: exactly as planned, unless something came in between. */
export function isPossible(task: PlannedTask, verdict: Verdict, disturbed: Disturbances): boolean {
  if (verdict === planned(task)) return true;
  // Not every kernel tells the daemon that it was memory.
  if (task.work.kind === "oom" && verdict === "container_exit 137") return true;
  const [reason] = verdict.split(" ");
  // Nobody but the dead worker knew what had become of it; one that ends beside a daemon that is away tells nobody.
  const isOrphaned = disturbed.killedBeforeStart || (disturbed.workerStopped && disturbed.daemonRestarted);
  if (isOrphaned && (reason === "unknown" || reason === "container_start")) return true;
  if (disturbed.workerStopped && reason === "graceful_shutdown") return true;
  // The daemon ends the containers as it goes down, and cannot start one twice.
  const whenRestarted = ["container_exit", "container_start", ...(task.work.kind === "cancelled" ? ["completed"] : [])];
  if (disturbed.daemonRestarted && whenRestarted.includes(reason ?? "")) return true;
  const endMs = plannedEndMs(task);
  const atItsEnd = disturbed.daemonKilledAfterMs.some((ms) => ms >= endMs && ms <= endMs + ENDS_UNRECORDED_MS);
  if ((disturbed.daemonKilledTwice || atItsEnd) && verdict === "completed") return true;
  const whenRemoved = ["container_wait", "container_start", "container_create", "unknown"];
  return disturbed.removed && (whenRemoved.includes(reason ?? "") || verdict === "container_exit 137");
}

/** Milliseconds from the start of its container to its end, at the earliest. */
function plannedEndMs({ work }: PlannedTask): number {
  if (work.kind === "exit") return work.afterMs;
  return work.kind === "rw-sidecar" ? 1_000 : 0;
}

/** How it ends if nothing disturbs it. */
function planned({ work }: PlannedTask): Verdict {
  switch (work.kind) {
    case "exit":
    case "rw-sidecar":
      return work.code === 0 ? "completed" : `container_exit ${work.code}`;
    case "oom":
      return "container_oom 137";
    case "missing-image":
      return "image_pull";
    case "cancelled":
      return "cancelled";
  }
}

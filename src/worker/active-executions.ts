import type { ClientMessage } from "../protocol/client-message.ts";
import type { Delivery } from "../protocol/delivery.ts";
import type { Clock } from "../support/clock.ts";
import { type Execution, executionKey } from "../task/execution.ts";
import type { Answer } from "./oz-channel.ts";
import { type AboutTask, StopRequest, type TaskStage } from "./task-runtime.ts";

/** An execution that is here: from its admission until nothing of it is left. */
export interface ActiveExecution {
  readonly execution: Execution;
  /** Aborted with a `StopRequest`. */
  readonly abort: AbortController;
  /** `claiming`: Oz does not know yet. `reporting`: it has ended, and its slot is free. */
  phase: "claiming" | "running" | "reporting";
  /** What is being done for it while it is `running`, and since when, in milliseconds of the clock. */
  stage: { readonly name: TaskStage; readonly since: number };
  /** When it became this worker's, in milliseconds of the clock. */
  readonly since: number;
  /** What people know it by; of one that was taken over, what its container tells. */
  about: AboutTask;
  /** The name of its container, once there is one. */
  container?: string;
  /** Answers the assignment that Oz sent last; one that was taken over was never assigned here. */
  answer?: Answer;
  /** Its claim's way to Oz. */
  claim?: Delivery;
  /** The message that tells of its end, and its latest way to Oz. */
  terminal?: ClientMessage;
  delivery?: Delivery;
  /** Settles when nothing of it is left to do. */
  done: Promise<void>;
}

/** The executions that are here. */
export interface ActiveExecutions {
  get(execution: Execution): ActiveExecution | undefined;
  add(execution: Execution, about?: AboutTask): ActiveExecution;
  remove(active: ActiveExecution): void;
  /** How many take a slot. */
  running(): number;
  /** How many there are, those that only wait for Oz to read their result included. */
  size(): number;
  all(): readonly ActiveExecution[];
  /** Asks those that are meant, or all, and have not ended to stop; answers how many there were. */
  stop(request: StopRequest, isMeant?: (active: ActiveExecution) => boolean): number;
}

export function createActiveExecutions(clock: Pick<Clock, "now">): ActiveExecutions {
  const byKey = new Map<string, ActiveExecution>();
  return {
    get: (execution) => byKey.get(executionKey(execution)),
    add(execution, about = {}) {
      const since = clock.now();
      const active: ActiveExecution = {
        execution,
        abort: new AbortController(),
        phase: "claiming",
        stage: { name: "preparing", since },
        since,
        about,
        done: Promise.resolve(),
      };
      byKey.set(executionKey(execution), active);
      return active;
    },
    remove(active) {
      const key = executionKey(active.execution);
      if (byKey.get(key) === active) byKey.delete(key);
    },
    running: () => [...byKey.values()].filter((active) => active.phase !== "reporting").length,
    size: () => byKey.size,
    all: () => [...byKey.values()],
    stop(request, isMeant = () => true) {
      const wanted = [...byKey.values()].filter((active) => active.phase !== "reporting" && isMeant(active));
      // The first request stands: a signal aborts once.
      for (const active of wanted) active.abort.abort(request);
      return wanted.length;
    },
  };
}

/** Time that a cancelled task has between SIGTERM and SIGKILL; what `docker stop` gives. */
export const CANCEL_GRACE_MS = 10_000;
/** The same in a shutdown, which has 15 s for everything. */
export const SHUTDOWN_GRACE_MS = 6_000;

/** The user's cancellation. */
export const userCancellation = () => new StopRequest("cancelled", CANCEL_GRACE_MS);
/** The cancellation of who runs this worker. */
export const operatorCancellation = () => new StopRequest("operator", CANCEL_GRACE_MS);
/** The worker's own end. */
export const workerShutdown = () => new StopRequest("shutdown", SHUTDOWN_GRACE_MS);

/** What a log line says of an execution. */
export function executionFields({ taskId, executionId }: Execution): { task: string; execution: string | undefined } {
  return { task: taskId, execution: executionId === "" ? undefined : executionId };
}

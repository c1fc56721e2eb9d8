import type { SetupStep } from "../protocol/setup-event.ts";
import type { OutputTail } from "../support/output-tail.ts";
import type { TaskSpecResult } from "../task/build-task-spec.ts";
import type { Execution } from "../task/execution.ts";
import type { ExecutionResult, StopCause } from "../task/execution-result.ts";

/**
 * Answer to a claim. `elsewhere`: another worker of this id has that execution on the same runtime, and will report it.
 * `refused` carries a reason in plain words, fit for Oz and for the log; `mayStand`: the record may be there all the same,
 * and be found by the next worker if this one ends before it can take it back; `said` is what others said of it, for the log
 * alone.
 */
export type ClaimAnswer =
  | { readonly kind: "claimed"; readonly claimed: ClaimedExecution }
  | { readonly kind: "elsewhere" }
  | { readonly kind: "refused"; readonly reason: string; readonly mayStand?: boolean; readonly said?: string };

/** A request to end an execution: the reason of the signal that `run` is given. */
export class StopRequest {
  constructor(
    readonly cause: StopCause,
    /** Milliseconds between SIGTERM and SIGKILL. */
    readonly graceMs: number,
  ) {}
}

export type { SetupStep };

/** The moments of a running task that are worth a log line. */
export type TaskStage = "preparing" | "creating" | "running" | "stopping";

export interface RunOptions {
  /** Aborts with a `StopRequest` as its reason. */
  readonly signal: AbortSignal;
  /** `container` is the name, once there is one. */
  readonly onStage?: (stage: TaskStage, container?: string) => void;
  /** Told of each step of the set-up that has come to its end. */
  readonly onSetup?: (step: SetupStep) => void;
}

/** What people know a task by. */
export interface AboutTask {
  readonly title?: string | undefined;
  readonly image?: string | undefined;
  /** Its limit of memory, in bytes. */
  readonly memoryBytes?: number | undefined;
  /** Of one that was taken over while it ran: for how long it has been running, in milliseconds. */
  readonly ranForMs?: number;
}

/**
 * An execution that is this worker's to see to its end: claimed by itself, or taken over from a dead worker of its id. All
 * that the runtime knows of it is behind this, and kept durably until `release`.
 */
export interface ClaimedExecution {
  readonly execution: Execution;
  /** Of one that was taken over. */
  readonly about?: AboutTask;
  /** Values that must never be shown. */
  readonly secrets: readonly string[];
  /** Aborts when another worker has taken it over: from then on it is that one's to report and to clear away. */
  readonly lost: AbortSignal;
  /**
   * Sees it to its end, to be called once; at once where it has ended already, or could not be planned. Expected failures
   * are values; rejects only on a bug.
   */
  outcome(options: RunOptions): Promise<ExecutionResult>;
  /** Records a result that `outcome` has not given. Never throws. */
  settle(result: ExecutionResult): Promise<void>;
  /** The end of the output, stdout and stderr in order; `NO_OUTPUT` where there is none. Never throws. */
  tail(): Promise<OutputTail>;
  /** Forgets it, its result being safe with Oz: container, private volumes, record. Never throws. */
  release(): Promise<void>;
}

/** Where tasks run. */
export interface TaskRuntime {
  /**
   * Makes the durable record of a claim, before Oz is told. Refuses, never throws, when the runtime is away. What is
   * planned lets the runtime begin beside the record with what need not be undone.
   */
  claim(execution: Execution, plan: TaskSpecResult): Promise<ClaimAnswer>;
  /**
   * Takes over what dead workers of this id have left; `onRecovered` is told of each, and becomes its owner. Never
   * rejects: what cannot be done now is logged and left for the next time.
   */
  recover(onRecovered: (recovered: ClaimedExecution) => void): Promise<void>;
}

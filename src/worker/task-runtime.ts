import type { SetupStep } from "../protocol/setup-event.ts";
import type { OutputTail } from "../support/output-tail.ts";
import type { Execution } from "../task/execution.ts";
import type { ExecutionResult, StopCause } from "../task/execution-result.ts";
import type { TaskSpec } from "../task/task-spec.ts";

/**
 * Answer to a claim. `elsewhere`: another worker of this id has that execution on the same runtime, and will report it.
 * `refused` carries a reason in plain words, fit for Oz and for the log; `mayStand`: the record may be there all the same,
 * and be found by the next worker if this one ends before it can take it back; `said` is what others said of it, for the log
 * alone.
 */
export type ClaimAnswer =
  | { readonly kind: "claimed" }
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

/** An execution that a dead worker of this id had claimed, and that this one has taken over. */
export interface RecoveredExecution {
  readonly execution: Execution;
  /** Values that must never be shown. */
  readonly secrets: readonly string[];
  /** Sees it to its end, as `run` does; at once where it has ended already. */
  follow(options: RunOptions): Promise<ExecutionResult>;
}

/** Where tasks run. The runtime keeps, durably, what a worker must not forget until `release`. */
export interface TaskRuntime {
  /**
   * Makes the durable record of a claim, before Oz is told. Refuses, never throws, when the runtime is away. What is to
   * run, where that can be told, lets the runtime begin beside the record with what need not be undone.
   */
  claim(execution: Execution, spec?: TaskSpec): Promise<ClaimAnswer>;
  /**
   * Takes over what dead workers of this id have left; `onRecovered` is told of each, and becomes its owner. Never
   * rejects: what cannot be done now is logged and left for the next time.
   */
  recover(onRecovered: (recovered: RecoveredExecution) => void): Promise<void>;
  /** Runs one claimed execution to its end. Expected failures are values; rejects only on a bug. */
  run(spec: TaskSpec, options: RunOptions): Promise<ExecutionResult>;
  /** Records the result of a claimed execution that never reached `run`. Never throws. */
  settle(execution: Execution, result: ExecutionResult): Promise<void>;
  /** The end of the output, stdout and stderr in order; `NO_OUTPUT` where there is none. Never throws. */
  tail(execution: Execution): Promise<OutputTail>;
  /** Forgets an execution whose result is safe with Oz: container, private volumes, record. Never throws. */
  release(execution: Execution): Promise<void>;
}

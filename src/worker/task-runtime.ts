import type { Execution } from "../task/execution.ts";
import type { ExecutionResult, StopCause } from "../task/execution-result.ts";
import type { TaskSpec } from "../task/task-spec.ts";

/** Answer to a claim: a refusal carries a reason in plain words, fit for Oz and for the log. */
export type ClaimAnswer = { readonly claimed: true } | { readonly claimed: false; readonly reason: string };

/** A request to end an execution; `graceMs` is the time between SIGTERM and SIGKILL. */
export interface StopRequest {
  readonly cause: StopCause;
  readonly graceMs: number;
}

/** The moments of a running task that are worth a log line. */
export type TaskStage = "pulling" | "preparing-sidecars" | "creating" | "running" | "stopping";

export interface RunOptions {
  /** Aborts with a `StopRequest` as its reason. */
  readonly signal: AbortSignal;
  readonly onStage?: (stage: TaskStage, detail: string) => void;
}

/** Where tasks run. The runtime keeps, durably, what a worker must not forget until `release`. */
export interface TaskRuntime {
  /** Makes the durable record of a claim, before Oz is told. Refuses, never throws, when the runtime is away. */
  claim(execution: Execution): Promise<ClaimAnswer>;
  /** Runs one claimed execution to its end. Expected failures are values; rejects only on a bug. */
  run(spec: TaskSpec, options: RunOptions): Promise<ExecutionResult>;
  /** Records the result of an execution that never reached `run`, or ended before it had a container. */
  settle(execution: Execution, result: ExecutionResult): Promise<void>;
  /** The last lines of the output, stdout and stderr in order; empty where there is none. Never throws. */
  tail(execution: Execution): Promise<readonly string[]>;
  /** Forgets an execution whose result is safe with Oz: container, private volumes, record. Never throws. */
  release(execution: Execution): Promise<void>;
}

import { FAILURE_REASONS, type FailureReason } from "../protocol/failure-reason.ts";

export { FAILURE_REASONS, type FailureReason };

/** Why a task was stopped from outside; `operator`: by who runs this worker. */
export const STOP_CAUSES = ["cancelled", "operator", "shutdown", "timeout"] as const;
export type StopCause = (typeof STOP_CAUSES)[number];

/** What became of one execution, as a runtime saw it. Expected failures are values here, never exceptions. */
export type ExecutionResult =
  /** The container's process ended by itself. `exitCode` is Docker's: signals are 128+n. */
  | { readonly kind: "exited"; readonly exitCode: number; readonly oomKilled: boolean }
  /**
   * A stage failed. `detail` is one plain line that names the image or path, without secrets. `said` is what others said
   * about it: for the log of this machine alone, neither told to Oz nor recorded.
   */
  | {
      readonly kind: "failed";
      readonly reason: FailureReason;
      readonly detail: string;
      readonly exitCode?: number;
      readonly said?: string;
    }
  /** It was stopped on request, at whatever stage. `exitCode` only where a process's exit was seen. */
  | { readonly kind: "stopped"; readonly cause: StopCause; readonly exitCode?: number };

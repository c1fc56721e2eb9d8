import type { Execution } from "../../task/execution.ts";

/** A task container that exists. */
export interface TaskContainer {
  readonly id: string;
  readonly name: string;
}

/** What this process knows of an execution that is here, from its claim until nothing of it is left. */
export interface HeldExecution {
  readonly execution: Execution;
  /** While it is being claimed it may turn out that an earlier one of this process stands. */
  attempt: string;
  /**
   * `claiming`: whether the claim stands is not known yet. `closed`: its result is with Oz, and there must be no claim any
   * more.
   */
  phase: "claiming" | "open" | "closed";
  /**
   * Where an earlier version, or a worker with another API key, has claimed it: records without a seal of this key count if
   * they were made until then, in milliseconds since 1970 by the engine's clock.
   */
  readonly foreignUntil?: number;
  container?: TaskContainer;
  /** Is called when another worker has taken it over. */
  onLost?: () => void;
  /** Whether the daemon has a verdict on it: the first one stands. */
  hasVerdict?: boolean;
}

import type { TaskContainer } from "./run-container.ts";

/** What this process knows of an execution that is here, from its claim until nothing of it is left. */
export interface HeldExecution {
  readonly attempt: string;
  container?: TaskContainer;
}

/** A task container that exists. */
export interface TaskContainer {
  readonly id: string;
  readonly name: string;
}

/** What this process knows of an execution that is here, from its claim until nothing of it is left. */
export interface HeldExecution {
  readonly attempt: string;
  container?: TaskContainer;
}

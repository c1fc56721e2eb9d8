import type { TaskContainer } from "./run-container.ts";

/** What this process knows of an execution that is here. */
export interface HeldExecution {
  readonly attempt: string;
  readonly privateVolumes: string[];
  container?: TaskContainer;
  /** The claim's removal, once the container is the record. */
  claimDropped?: Promise<void>;
  /** Volumes that tell of takeovers from dead owners; the last things to go. */
  readonly heirs: readonly string[];
}

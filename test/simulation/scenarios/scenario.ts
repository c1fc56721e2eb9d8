import type { WorkerConfig } from "../../../src/config/worker-config.ts";
import type { Work } from "../engine/sim-objects.ts";
import type { PointKind } from "../world/effects.ts";
import type { World } from "../world/world.ts";

/** A task of a scenario; times are milliseconds from the start. */
export interface SimTask {
  readonly taskId: string;
  readonly executionId: string;
  readonly atMs: number;
  readonly work: Work;
  /** Name of the task's image; what is not in the registry is missing. */
  readonly image: string;
  /** Beside the agent's sidecar, one that may be written to. */
  readonly hasReadWrite: boolean;
  /** Handed out again when the link that claimed it is lost. */
  readonly isRedelivered: boolean;
}

/** A world before anything happens in it. */
export interface Setting {
  readonly tasks: readonly SimTask[];
  /** How many workers of the one id are started at the beginning. */
  readonly workers: number;
  /** Whether the images are on the engine already, and the sidecar is published. */
  readonly isWarm: boolean;
  /** Whether each worker has a pid namespace of its own, as in containers that the engine does not know. */
  readonly hasNamespaces: boolean;
  readonly mountsImages: boolean;
  readonly cleanup: boolean;
  /** What the operator has set. */
  readonly life: Partial<WorkerConfig>;
  readonly maxConcurrentTasks: number;
  /** How long it may take until everything is at rest, once nothing more is planned; milliseconds. */
  readonly restMs: number;
  /** Sets up what will be disturbed, and when. */
  readonly disturb: (world: World) => void;
}

/** A setting with a name, and what is tried at each of its effects. */
export interface Scenario extends Setting {
  readonly name: string;
  readonly points: readonly PointKind[];
}

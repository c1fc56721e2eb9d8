import type { Execution } from "./execution.ts";

/** An image whose whole file system appears at `mountPath` in the task container. */
export interface SidecarSpec {
  readonly image: string;
  /** Absolute, normalised, unique in its task, never `/`. */
  readonly mountPath: string;
  readonly readWrite: boolean;
}

/** Limits of a task container; an absent axis has none. */
export interface TaskLimits {
  /** Billionths of a CPU. */
  readonly nanoCpus?: number;
  /** Bytes of memory; swap is pinned to the same figure. */
  readonly memoryBytes?: number;
}

/** Everything that a runtime needs to run one execution; made from an assignment by pure code. */
export interface TaskSpec {
  readonly execution: Execution;
  /** For people: one short line, without control characters. */
  readonly title?: string;
  readonly image: string;
  /** Whether that is the default, the assignment naming none. */
  readonly isDefaultImage?: boolean;
  /** The container's command with its arguments; the image's own ENTRYPOINT stays as it is. */
  readonly command: readonly string[];
  /** `KEY=VALUE`, each name once. */
  readonly environment: readonly string[];
  readonly workingDirectory: string;
  readonly sidecars: readonly SidecarSpec[];
  /** `HOST:CONTAINER[:MODE]`, as Docker's bind syntax has it. */
  readonly volumes: readonly string[];
  readonly limits: TaskLimits;
  /** Values that must never be shown: of the environment, the MCP servers' configuration and the agent's arguments. */
  readonly secrets: readonly string[];
}

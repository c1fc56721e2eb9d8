import type { Execution } from "../../task/execution.ts";

/** Every object that the worker creates on a daemon carries labels, and names, with this prefix. */
export const LABEL_PREFIX = "oz-agent-worker.";

/** Labels; the first four are a contract with operators, who filter by them (spec, section 5). */
export const LABELS = {
  workerId: `${LABEL_PREFIX}worker-id`,
  taskId: `${LABEL_PREFIX}task-id`,
  executionId: `${LABEL_PREFIX}execution-id`,
  owner: `${LABEL_PREFIX}owner`,
  /** What the object is; see `ObjectKind`. */
  kind: `${LABEL_PREFIX}kind`,
  /** Random, one a claim: ties everything together that belongs to one try at an execution. */
  attempt: `${LABEL_PREFIX}attempt`,
  /** Image id whose content a sidecar volume holds. */
  imageId: `${LABEL_PREFIX}image-id`,
  /** Reference under which that image was pulled. */
  imageReference: `${LABEL_PREFIX}image`,
  /** Volume that a published sidecar's placeholder stands for. */
  volume: `${LABEL_PREFIX}volume`,
  /** Result of an execution that has no container, as JSON. */
  verdict: `${LABEL_PREFIX}verdict`,
  /** Milliseconds since 1970, for objects whose creation time Docker does not give. */
  createdAt: `${LABEL_PREFIX}created-at`,
} as const;

/**
 * - `task`: the container of an execution
 * - `claim`: volume, the record of a claimed execution, and the lock that lets one worker have it
 * - `verdict`: volume, what became of an execution, where its container does not tell
 * - `done`: volume, the mark that a result is with Oz: what else is left of that attempt is rubbish
 * - `heir`: volume, a takeover from a dead owner
 * - `sidecar`: volume with an image's content, and the never started container that publishes it
 * - `sidecar-source`: never started container whose file system is copied, and what serves the copy: an image of it with a
 *   mark, and a container of that image
 * - `private`: volume, a read-write sidecar's copy for one execution
 */
export type ObjectKind = "task" | "claim" | "verdict" | "done" | "heir" | "sidecar" | "sidecar-source" | "private";

export type LabelMap = Readonly<Record<string, string>>;

/** Labels of an object that belongs to one execution. */
export function executionLabels(
  kind: ObjectKind,
  workerId: string,
  execution: Execution,
  owner: string,
): Record<string, string> {
  return {
    [LABELS.kind]: kind,
    [LABELS.workerId]: workerId,
    [LABELS.taskId]: execution.taskId,
    [LABELS.executionId]: execution.executionId,
    [LABELS.owner]: owner,
  };
}

/** The execution that an object's labels name; `undefined` where they name none. */
export function labelledExecution(labels: LabelMap): Execution | undefined {
  const taskId = labels[LABELS.taskId];
  return taskId === undefined ? undefined : { taskId, executionId: labels[LABELS.executionId] ?? "" };
}

/** The `filters` parameter of a list call: objects that carry all of these labels (`name` or `name=value`). */
export function labelFilter(...labels: readonly string[]): string {
  return JSON.stringify({ label: labels });
}

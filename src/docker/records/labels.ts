import { type Execution, executionKey } from "../../task/execution.ts";

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
  /** What people know the task by; for them alone, and empty where there is none: an image has labels too. */
  title: `${LABEL_PREFIX}title`,
  /** Image id whose content a sidecar volume holds. */
  imageId: `${LABEL_PREFIX}image-id`,
  /** Reference under which that image was pulled. */
  imageReference: `${LABEL_PREFIX}image`,
  /** Volume that a published sidecar's placeholder stands for. */
  volume: `${LABEL_PREFIX}volume`,
  /** Result of an execution that has no container, as JSON. */
  verdict: `${LABEL_PREFIX}verdict`,
  /** Milliseconds since 1970, by the engine's clock. */
  createdAt: `${LABEL_PREFIX}created-at`,
  /** Proves that the object was made with the team's API key; see `Seals`. */
  seal: `${LABEL_PREFIX}seal`,
} as const;

/**
 * - `task`: the container of an execution
 * - `claim`: volume, the record of an open execution, and the lock that lets one worker have it. Without it nobody reports
 *   the execution: it goes as soon as the result is with Oz
 * - `verdict`: volume, what became of an execution, where its container does not tell
 * - `heir`: volume, a takeover from a dead owner
 * - `lease`: volume, the sign of life of a worker
 * - `sidecar`: volume with an image's content, and the never started container that publishes it
 * - `sidecar-source`: never started container whose file system is copied, and what serves the copy: an image of it with a
 *   mark, and a container of that image
 * - `private`: volume, a read-write sidecar's copy for one execution
 * - `done`: volume by which an earlier version says that a result is with Oz. It is read, and not made any more
 */
export type ObjectKind =
  | "task"
  | "claim"
  | "verdict"
  | "heir"
  | "lease"
  | "sidecar"
  | "sidecar-source"
  | "private"
  | "done";

export type LabelMap = Readonly<Record<string, string>>;

/** Who makes an object, and when. */
export interface Maker {
  readonly workerId: string;
  /** The text of its owner label. */
  readonly owner: string;
  /** What time it is where the engine runs. */
  readonly now: () => number;
}

/** Labels of an object that belongs to one try at an execution. */
export function executionLabels(
  kind: ObjectKind,
  maker: Maker,
  execution: Execution,
  attempt: string,
): Record<string, string> {
  return {
    [LABELS.kind]: kind,
    [LABELS.workerId]: maker.workerId,
    [LABELS.taskId]: execution.taskId,
    [LABELS.executionId]: execution.executionId,
    [LABELS.owner]: maker.owner,
    [LABELS.attempt]: attempt,
    [LABELS.createdAt]: String(maker.now()),
  };
}

/** Ids that are longer are nobody's; those of a worker are far shorter. */
const MAX_ID_LENGTH = 4_096;

/** The execution that an object's labels name, and the worker id; `undefined` where they name none. */
export function labelledExecution(labels: LabelMap): { execution: Execution; workerId: string } | undefined {
  const { [LABELS.workerId]: workerId, [LABELS.taskId]: taskId, [LABELS.executionId]: executionId = "" } = labels;
  if (workerId === undefined || taskId === undefined) return undefined;
  if ([workerId, taskId, executionId].some(({ length }) => length > MAX_ID_LENGTH)) return undefined;
  return { execution: { taskId, executionId }, workerId };
}

/** The attempt that an object's labels name; `undefined` for a text that is none. */
export function labelledAttempt(labels: LabelMap): string | undefined {
  const attempt = labels[LABELS.attempt] ?? "";
  return /^[0-9a-f]{16}$/.test(attempt) ? attempt : undefined;
}

/**
 * Whether an object's labels name that attempt at that execution. An attempt alone could be another execution's, whoever
 * has written it; a takeover by an earlier version names nothing else.
 */
export function isOfAttempt(labels: LabelMap, execution: Execution, attempt: string): boolean {
  const labelled = labelledExecution(labels);
  const isOfIt = labelled === undefined ? labels[LABELS.kind] === "heir" : isSame(labelled.execution, execution);
  return isOfIt && labelledAttempt(labels) === attempt;
}

function isSame(one: Execution, other: Execution): boolean {
  return executionKey(one) === executionKey(other);
}

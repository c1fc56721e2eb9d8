import type { Execution } from "../../task/execution.ts";
import type { Engine } from "../engine/engine.ts";
import { listContainers, removeContainer } from "../engine/engine-objects.ts";
import type { ContainerSummary } from "../engine/engine-schemas.ts";
import { LABELS } from "./labels.ts";
import { isDone } from "./ledger.ts";
import { isKeptName } from "./object-names.ts";

/** Whose containers they are, and where. */
export interface ContainerRoom {
  readonly engine: Engine;
  readonly workerId: string;
  /** The label of this process. */
  readonly owner: string;
}

/**
 * Removes what an earlier attempt at an execution has left, its result being with Oz; the claim must be held. Answers
 * `false`, having stopped there, at a container that another worker of this id has to report. Failures are `EngineError`s.
 */
export async function makeRoom(room: ContainerRoom, execution: Execution): Promise<boolean> {
  const containers = await listContainers(
    room.engine,
    `${LABELS.workerId}=${room.workerId}`,
    `${LABELS.taskId}=${execution.taskId}`,
    `${LABELS.kind}=task`,
  );
  for (const container of containers) {
    const isOther = (container.Labels[LABELS.executionId] ?? "") !== execution.executionId;
    if (isOther || isKeptName(container.Names[0] ?? "")) continue;
    if (!(await isLeftover(room, container))) return false;
    await removeContainer(room.engine, container.Id);
  }
  return true;
}

/** A container whose claim is gone, as this one's must be, and that nobody will report. */
async function isLeftover(room: ContainerRoom, { Labels, State }: ContainerSummary): Promise<boolean> {
  if (State === "created" || Labels[LABELS.owner] === room.owner) return true;
  return await isDone(room.engine, Labels[LABELS.attempt] ?? "");
}

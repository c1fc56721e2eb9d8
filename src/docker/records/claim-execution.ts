import type { Execution } from "../../task/execution.ts";
import type { Engine } from "../engine/engine.ts";
import { listContainers, removeContainer } from "../engine/engine-objects.ts";
import type { ContainerSummary } from "../engine/engine-schemas.ts";
import { LABELS } from "./labels.ts";
import { isDone, type Ledger } from "./ledger.ts";
import { isKeptName } from "./object-names.ts";

export interface ClaimRoom {
  readonly engine: Engine;
  readonly ledger: Ledger;
  readonly workerId: string;
  /** The label of this process. */
  readonly owner: string;
}

/**
 * Claims an execution as `attempt`. Answers the attempt that stands; `undefined` where another worker of this id on this
 * daemon has it. What an earlier attempt has left, its result being with Oz, makes room. Failures are `EngineError`s;
 * one after `onRecorded` leaves the claim as it is.
 */
export async function claimExecution(
  room: ClaimRoom,
  execution: Execution,
  attempt: string,
  onRecorded: () => void,
): Promise<string | undefined> {
  const { engine, ledger } = room;
  const stands = await ledger.claim(execution, attempt);
  if (stands === undefined) return undefined;
  onRecorded();
  // Only now: whoever had the claim before may have made a container in between.
  const containers = await listContainers(
    engine,
    `${LABELS.workerId}=${room.workerId}`,
    `${LABELS.taskId}=${execution.taskId}`,
    `${LABELS.kind}=task`,
  );
  for (const container of containers) {
    const isOther = (container.Labels[LABELS.executionId] ?? "") !== execution.executionId;
    if (isOther || isKeptName(container.Names[0] ?? "")) continue;
    if (!(await isLeftover(room, container))) {
      await ledger.dropClaim(execution, stands);
      return undefined;
    }
    await removeContainer(engine, container.Id);
  }
  return stands;
}

/** A container whose claim is gone, as this one's must be, and that nobody will report. */
async function isLeftover(room: ClaimRoom, { Labels, State }: ContainerSummary): Promise<boolean> {
  if (State === "created" || Labels[LABELS.owner] === room.owner) return true;
  return await isDone(room.engine, Labels[LABELS.attempt] ?? "");
}

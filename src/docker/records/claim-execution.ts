import type { Execution } from "../../task/execution.ts";
import type { Engine } from "../engine/engine.ts";
import { inspectContainer } from "../engine/engine-objects.ts";
import type { Ledger } from "./ledger.ts";
import { type ContainerRoom, makeRoom } from "./make-room.ts";
import { taskContainerName } from "./object-names.ts";

export interface ClaimRoom extends ContainerRoom {
  readonly ledger: Ledger;
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
  const { engine, ledger, workerId } = room;
  // Beside the claim, to lose no time. Should one be made in between, the create that finds the name taken makes room.
  const isNameFree = hasNoContainer(engine, taskContainerName(workerId, execution));
  const stands = await ledger.claim(execution, attempt);
  if (stands === undefined) return undefined;
  onRecorded();
  if ((await isNameFree) || (await makeRoom(room, execution))) return stands;
  await ledger.dropClaim(execution, stands);
  return undefined;
}

/** `false` also where the daemon does not tell. */
function hasNoContainer(engine: Engine, name: string): Promise<boolean> {
  return inspectContainer(engine, name).then(
    (container) => container === undefined,
    () => false,
  );
}

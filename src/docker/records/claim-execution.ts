import type { Execution } from "../../task/execution.ts";
import type { Engine } from "../engine/engine.ts";
import { inspectContainer } from "../engine/engine-objects.ts";
import type { Ledger } from "./ledger.ts";
import { makeRoom } from "./make-room.ts";
import { taskContainerName } from "./object-names.ts";
import type { Records } from "./records.ts";

/** `elsewhere`: another worker of this id and this key on this daemon has it. `refused` carries a reason in plain words. */
export type Claiming =
  | { readonly kind: "claimed"; readonly attempt: string }
  | { readonly kind: "elsewhere" }
  | { readonly kind: "refused"; readonly reason: string };

const TAKEN =
  "the name of the task's claim on the worker's Docker daemon is taken by something that was not made with this worker's API key; the worker's log says more";
const OCCUPIED =
  "a container of the task runs on the worker's Docker daemon without a claim: it was pruned, or is about to end";

/**
 * Claims an execution as `attempt`. The attempt that stands may be an earlier one. What an attempt before has left, its
 * result being with Oz, makes room. Failures are `EngineError`s; one after `onRecorded` leaves the claim as it is.
 */
export async function claimExecution(
  records: Records,
  ledger: Ledger,
  execution: Execution,
  attempt: string,
  onRecorded: () => void,
): Promise<Claiming> {
  // Beside the claim, to lose no time. Should one be made in between, the create that finds the name taken makes room.
  const isNameFree = hasNoContainer(records.engine, taskContainerName(records.workerId, execution));
  const stand = await ledger.claim(execution, attempt);
  if (stand.kind === "another's") return { kind: "elsewhere" };
  if (stand.kind === "taken") {
    warnOfTakenName(records, execution, stand.volume);
    return { kind: "refused", reason: TAKEN };
  }
  onRecorded();
  const isFree = (await isNameFree) || (await makeRoom(records, execution)) !== "occupied";
  if (isFree) return { kind: "claimed", attempt: stand.attempt };
  await ledger.dropClaim(execution, stand.attempt);
  return { kind: "refused", reason: OCCUPIED };
}

/** `false` also where the daemon does not tell. */
function hasNoContainer(engine: Engine, name: string): Promise<boolean> {
  return inspectContainer(engine, name).then(
    (container) => container === undefined,
    () => false,
  );
}

function warnOfTakenName({ log, once }: Records, execution: Execution, volume: string): void {
  once(`taken ${volume}`, () =>
    log.warn(
      "a volume has the name of a task's claim and was not made with this worker's API key: the task is rejected. " +
        "If no other worker has made it, remove it by hand (docker volume rm)",
      { task: execution.taskId, volume },
    ),
  );
}

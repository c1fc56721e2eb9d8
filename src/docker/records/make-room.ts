import type { Execution } from "../../task/execution.ts";
import { inspectContainer, listVolumes, removeIdleContainer } from "../engine/engine-objects.ts";
import { LABELS } from "./labels.ts";
import { taskContainerName } from "./object-names.ts";
import type { RecordRoom } from "./record-room.ts";
import { containerStanding, inspectedContainer, volumeStanding } from "./standing.ts";
import { ownerLabel, type Takeover } from "./takeover.ts";

/**
 * What there is under the name of an execution's container, the claim being held: nothing (any more), a stranger's
 * container, or one that a worker has to report or to clear away.
 */
export type ContainerPlace = "free" | "stranger's" | "occupied";

/**
 * Removes what an earlier attempt at an execution has left under the container's name: without a claim nobody reports it.
 * One that runs, and that of a worker which may live, stays. Failures are `EngineError`s.
 */
export async function makeRoom(room: RecordRoom, takeover: Takeover, execution: Execution): Promise<ContainerPlace> {
  const { engine, seals } = room;
  const there = await inspectContainer(engine, taskContainerName(room.workerId, execution));
  if (there === undefined) return "free";
  if (containerStanding(seals, inspectedContainer(there)) !== "ours") return "stranger's";
  const { Labels: labels } = there.Config;
  const volumes = await listVolumes(engine, `${LABELS.attempt}=${labels[LABELS.attempt]}`, `${LABELS.kind}=heir`);
  const heirs = volumes.filter((volume) => volumeStanding(seals, volume) === "ours");
  const isLeft = ownerLabel(labels, heirs) === room.owner || (await takeover.stateOf({ labels, heirs })) === "gone";
  return isLeft && (await removeIdleContainer(engine, there.Id)) ? "free" : "occupied";
}

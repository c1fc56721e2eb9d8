import type { Execution } from "../../task/execution.ts";
import { inspectContainer, removeIdleContainer } from "../engine/engine-objects.ts";
import { taskContainerName } from "./object-names.ts";
import type { RecordRoom } from "./record-room.ts";
import { containerStanding, inspectedContainer } from "./standing.ts";

/**
 * What there is under the name of an execution's container, the claim being held: nothing (any more), a stranger's
 * container, or one of ours that runs.
 */
export type ContainerPlace = "free" | "stranger's" | "occupied";

/**
 * Removes what an earlier attempt at an execution has left under the container's name: that attempt has no claim, and its
 * result is with Oz. What runs stays. Failures are `EngineError`s.
 */
export async function makeRoom(room: RecordRoom, execution: Execution): Promise<ContainerPlace> {
  const there = await inspectContainer(room.engine, taskContainerName(room.workerId, execution));
  if (there === undefined) return "free";
  if (containerStanding(room.seals, inspectedContainer(there)) !== "ours") return "stranger's";
  return (await removeIdleContainer(room.engine, there.Id)) ? "free" : "occupied";
}

import type { Execution } from "../../task/execution.ts";
import { inspectContainer, removeIdleContainer } from "../engine/engine-objects.ts";
import { taskContainerName } from "./object-names.ts";
import type { Records } from "./records.ts";
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
export async function makeRoom(records: Records, execution: Execution): Promise<ContainerPlace> {
  const there = await inspectContainer(records.engine, taskContainerName(records.workerId, execution));
  if (there === undefined) return "free";
  if (containerStanding(records.seals, inspectedContainer(there)) !== "ours") return "stranger's";
  return (await removeIdleContainer(records.engine, there.Id)) ? "free" : "occupied";
}

import type { Execution } from "../task/execution.ts";
import type { Engine } from "./engine.ts";
import { hasStatus } from "./engine-error.ts";
import { removeContainer, removeVolume, renameContainer } from "./engine-objects.ts";
import type { HeldExecution } from "./held-execution.ts";
import type { Ledger } from "./ledger.ts";
import { keptName } from "./object-names.ts";

/**
 * Clears away what an execution has left, its result being safe with Oz. The record goes first: from then on no worker can
 * report it again, whatever becomes of the rest. With `cleanup` off the container stays, under a name that says that it is
 * done with, and its private volumes with it. May be repeated; failures are `EngineError`s.
 */
export async function discardExecution(
  engine: Engine,
  ledger: Ledger,
  execution: Execution,
  held: HeldExecution | undefined,
  cleanup: boolean,
): Promise<void> {
  await held?.claimDropped;
  const container = held?.container;
  if (container !== undefined) {
    if (cleanup) await removeContainer(engine, container.id);
    else await keepContainer(engine, container.id, keptName(container.name, held?.attempt ?? ""));
  }
  await ledger.forget(execution);
  if (held === undefined) return;
  if (cleanup || container === undefined) {
    for (const volume of held.privateVolumes) await removeVolume(engine, volume);
  }
  // Last: as long as a subject is there, its takeovers keep a second heir away.
  for (const heir of held.heirs) await removeVolume(engine, heir);
}

async function keepContainer(engine: Engine, id: string, name: string): Promise<void> {
  try {
    await renameContainer(engine, id, name);
  } catch (error) {
    // Gone, or renamed by an attempt whose answer was lost.
    if (!hasStatus(error, 404, 409, 400)) throw error;
  }
}

import type { Execution } from "../../task/execution.ts";
import type { Engine } from "../engine/engine.ts";
import { hasStatus } from "../engine/engine-error.ts";
import { listVolumes, removeContainer, removeVolume, renameContainer } from "../engine/engine-objects.ts";
import type { HeldExecution } from "./held-execution.ts";
import { LABELS, type ObjectKind } from "./labels.ts";
import type { Ledger } from "./ledger.ts";
import { keptName, recordNames } from "./object-names.ts";

/** An execution that is over, and what is known of it. */
export interface DiscardRoom {
  readonly engine: Engine;
  readonly execution: Execution;
  readonly held: HeldExecution;
  /** Whether its container goes too; private volumes go and stay with it. */
  readonly cleanup: boolean;
}

/**
 * Sees to it that no worker reports an execution again, its result being safe with Oz, whatever becomes of the rest: one
 * quick step. With `cleanup` off that is a name of the container which says so, and it stays. The claim goes behind that: from
 * then on the execution can be claimed anew. May be repeated; failures are `EngineError`s.
 */
export async function closeExecution(ledger: Ledger, room: DiscardRoom): Promise<void> {
  const { engine, execution, held, cleanup } = room;
  const { attempt, container } = held;
  if (container !== undefined && !cleanup) await keepContainer(engine, container.id, keptName(container.name, attempt));
  else await ledger.done(execution, attempt);
  await ledger.dropClaim(execution, attempt);
}

/** Clears away what a closed execution has left. May be repeated; failures are `EngineError`s. */
export async function discardExecution(room: DiscardRoom): Promise<void> {
  const { engine, held, cleanup } = room;
  const { attempt, container } = held;
  const keeps = container !== undefined && !cleanup;
  if (container !== undefined && !keeps) await removeContainer(engine, container.id);
  await removeVolumesOf(engine, attempt, keeps ? ["private"] : []);
}

/** Removes the volumes of an attempt, except for some kinds; the mark that it is done goes last. */
export async function removeVolumesOf(
  engine: Engine,
  attempt: string,
  except: readonly ObjectKind[] = [],
): Promise<void> {
  const done = recordNames.done(attempt);
  const isKept = (kind: string | undefined) => except.some((one) => one === kind);
  for (const { Name, Labels } of await listVolumes(engine, `${LABELS.attempt}=${attempt}`)) {
    if (Name !== done && !isKept(Labels[LABELS.kind])) await removeVolume(engine, Name);
  }
  await removeVolume(engine, done);
}

async function keepContainer(engine: Engine, id: string, name: string): Promise<void> {
  try {
    await renameContainer(engine, id, name);
  } catch (error) {
    // Gone, or renamed by an attempt whose answer was lost.
    if (!hasStatus(error, 404, 409, 400)) throw error;
  }
}

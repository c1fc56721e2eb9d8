import { hasStatus } from "../engine/engine-error.ts";
import { listVolumes, removeContainer, removeVolume, renameContainer } from "../engine/engine-objects.ts";
import { madeAt } from "./attempts.ts";
import type { HeldExecution } from "./held-execution.ts";
import { isOfAttempt, LABELS, type ObjectKind } from "./labels.ts";
import type { Ledger } from "./ledger.ts";
import { keptName } from "./object-names.ts";
import type { Records } from "./records.ts";
import { volumeStanding } from "./standing.ts";

/** An execution that is over, and what is known of it. */
export interface OverExecution {
  readonly held: HeldExecution;
  /** Whether its container goes too; private volumes go and stay with it. */
  readonly cleanup: boolean;
}

/**
 * Sees to it that no worker reports an execution again, its result being safe with Oz: one quick step. From then on the
 * execution can be claimed anew. With `cleanup` off its container has a name before that which says so, and stays. May be
 * repeated; failures are `EngineError`s.
 */
export async function closeExecution(records: Records, ledger: Ledger, over: OverExecution): Promise<void> {
  const { held, cleanup } = over;
  const { execution, attempt, container } = held;
  held.phase = "closed";
  if (container !== undefined && !cleanup)
    await keepContainer(records, container.id, keptName(container.name, attempt));
  await ledger.dropClaim(execution, attempt);
}

/** Clears away what a closed execution has left. May be repeated; failures are `EngineError`s. */
export async function discardExecution(records: Records, { held, cleanup }: OverExecution): Promise<void> {
  const keeps = held.container !== undefined && !cleanup;
  if (held.container !== undefined && !keeps) await removeContainer(records.engine, held.container.id);
  await removeVolumesOf(records, held, keeps ? ["private"] : []);
}

/** Removes the volumes of an attempt, except for its claim and some kinds. Failures are `EngineError`s. */
export async function removeVolumesOf(
  { engine, seals }: Records,
  { execution, attempt, foreignUntil = 0 }: Pick<HeldExecution, "execution" | "attempt" | "foreignUntil">,
  except: readonly ObjectKind[] = [],
): Promise<void> {
  const left: readonly (string | undefined)[] = ["claim", ...except];
  for (const volume of await listVolumes(engine, `${LABELS.attempt}=${attempt}`)) {
    const standing = volumeStanding(seals, volume);
    const isKnown = standing === "ours" || (standing === "foreign" && madeAt(volume) <= foreignUntil);
    if (!isKnown || !isOfAttempt(volume.Labels, execution, attempt)) continue;
    if (!left.includes(volume.Labels[LABELS.kind])) await removeVolume(engine, volume.Name);
  }
}

async function keepContainer({ engine }: Records, id: string, name: string): Promise<void> {
  try {
    await renameContainer(engine, id, name);
  } catch (error) {
    // Gone, or renamed by an attempt whose answer was lost.
    if (!hasStatus(error, 404, 409, 400)) throw error;
  }
}

import { inspectContainer, listVolumes } from "../engine/engine-objects.ts";
import type { ExecutionsHere } from "./executions-here.ts";
import type { HeldExecution } from "./held-execution.ts";
import { isOfAttempt, LABELS } from "./labels.ts";
import { findClaim } from "./ledger.ts";
import type { Records } from "./records.ts";
import { inspectedContainer, volumeStanding } from "./standing.ts";
import { ownerLabel } from "./takeover.ts";

/**
 * Lets go of an execution that another worker has taken over, because this one showed no sign of life for too long: it is
 * that one's to report, to end and to clear away. Answers whether that is so. Rejects with an `EngineError`.
 */
export async function loseIfTaken(records: Records, here: ExecutionsHere, held: HeldExecution): Promise<boolean> {
  if (await isStillHeld(records, held)) return false;
  here.remove(held);
  held.onLost?.();
  return true;
}

/** The same for everything that this process has. */
export async function loseWhatIsTaken(records: Records, here: ExecutionsHere): Promise<void> {
  for (const held of here.all()) if (held.phase === "open") await loseIfTaken(records, here, held);
}

async function isStillHeld(records: Records, { execution, attempt, container }: HeldExecution): Promise<boolean> {
  const claim = await findClaim(records, execution, attempt);
  const volumes = await listVolumes(records.engine, `${LABELS.attempt}=${attempt}`);
  const takeovers = volumes.filter(
    (volume) =>
      volume.Labels[LABELS.kind] === "heir" &&
      isOfAttempt(volume.Labels, execution, attempt) &&
      volumeStanding(records.seals, volume) === "ours",
  );
  if (claim !== undefined || takeovers.length > 0) return ownerLabel(claim?.Labels ?? {}, takeovers) === records.owner;
  // Who has taken it over is done with it, container and all; or somebody has removed the claim alone, as a prune does.
  const there = container && (await inspectContainer(records.engine, container.id));
  return there !== undefined && inspectedContainer(there).name === container?.name;
}

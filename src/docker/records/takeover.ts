import {
  decodeOwner,
  type Owner,
  type OwnerContainerState,
  type OwnerState,
  ownerState,
  type ProcessTable,
  systemProcesses,
} from "../../host/owner.ts";
import { createVolume, inspectContainer } from "../engine/engine-objects.ts";
import type { VolumeDetails } from "../engine/engine-schemas.ts";
import type { SeenAttempt } from "./attempts.ts";
import { executionLabels, LABELS, type LabelMap } from "./labels.ts";
import type { LeaseLooks } from "./lease-looks.ts";
import { recordNames } from "./object-names.ts";
import type { Records } from "./records.ts";
import { generationOf, volumeStanding } from "./standing.ts";

/** Decides about owners, and takes over what dead ones have left. All failures are `EngineError`s. */
export interface Takeover {
  /** Whether the owner of an attempt lives; of several takeovers the last one counts. */
  stateOf(seen: Pick<SeenAttempt, "labels" | "heirs">): Promise<OwnerState>;
  /**
   * Takes an attempt over from its dead owner. Of several heirs exactly one gets an answer: the volume that records it.
   * What there is of the attempt must be looked at afterwards: another heir may have finished with it meanwhile.
   */
  take(seen: SeenAttempt): Promise<string | undefined>;
}

export function createTakeover(
  records: Records,
  self: Owner,
  leases: LeaseLooks,
  processes: ProcessTable = systemProcesses,
): Takeover {
  const { engine, seals, owner } = records;
  const inspectOwner = (id: string) => ownerContainer(records, id);
  return {
    async stateOf({ labels, heirs }) {
      const decoded = decodeOwner(ownerLabel(labels, heirs));
      if (decoded === undefined) return "unknown";
      const state = await ownerState(decoded, self, inspectOwner, processes.read, processes.exists);
      return judgeByLease(state, decoded, leases);
    },
    async take({ attempt, execution, heirs, isForeign }) {
      const generation = (latest(heirs)?.generation ?? 0) + 1;
      const name = isForeign
        ? recordNames.earlierHeir(attempt, generation)
        : recordNames.heir(seals, execution, attempt, generation);
      const labels = executionLabels("heir", records, execution, attempt);
      const volume = await createVolume(engine, name, seals.seal(name, labels));
      const isOwn = volumeStanding(seals, volume) === "ours" && volume.Labels[LABELS.owner] === owner;
      return isOwn ? volume.Name : undefined;
    },
  };
}

/** Whose process cannot be seen lives for as long as its lease moves. */
export function judgeByLease(state: OwnerState, { lease }: Owner, leases: LeaseLooks): OwnerState {
  if (state !== "unknown" || lease === undefined) return state;
  return leases.hasLapsed(lease) ? "gone" : "alive";
}

/** The owner label that counts: the last heir's, else that of the attempt itself. */
export function ownerLabel(labels: LabelMap, heirs: readonly VolumeDetails[]): string | undefined {
  return (latest(heirs)?.labels ?? labels)[LABELS.owner];
}

/** What ownership needs to know of an owner's container; `undefined` where there is none. Rejects with an `EngineError`. */
export async function ownerContainer(
  { engine }: Pick<Records, "engine">,
  id: string,
): Promise<OwnerContainerState | undefined> {
  const details = await inspectContainer(engine, id);
  return details && { running: details.State.Running, startedAt: details.State.StartedAt };
}

/** The last takeover of one attempt. */
function latest(heirs: readonly VolumeDetails[]) {
  return heirs
    .map((heir) => ({ labels: heir.Labels, generation: generationOf(heir.Name) ?? 0 }))
    .sort((a, b) => a.generation - b.generation)
    .at(-1);
}

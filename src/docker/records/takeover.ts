import { type Clock, systemClock } from "../../support/clock.ts";
import type { Engine } from "../engine/engine.ts";
import { createVolume, inspectContainer } from "../engine/engine-objects.ts";
import type { VolumeDetails } from "../engine/engine-schemas.ts";
import { LABELS, type LabelMap, type ObjectKind } from "./labels.ts";
import { recordNames } from "./object-names.ts";
import {
  decodeOwner,
  encodeOwner,
  type Owner,
  type OwnerState,
  ownerState,
  type ProcessTable,
  systemProcesses,
} from "./owner.ts";

/** What a worker tries once at an execution: it has one owner, whatever there is of it. */
export interface OwnedAttempt {
  readonly attempt: string;
  /** Those of its container or its claim. */
  readonly labels: LabelMap;
}

/** Decides about owners, and takes over what dead ones have left. All failures are `EngineError`s. */
export interface Takeover {
  /** Whether the owner lives; `heirs` are the takeovers so far, of which the last one counts. */
  stateOf(owned: OwnedAttempt, heirs: readonly VolumeDetails[]): Promise<OwnerState>;
  /**
   * Takes an attempt over from its dead owner. Of several heirs exactly one gets an answer: the volume that records it.
   * What there is of the attempt must be looked at afterwards: another heir may have finished with it meanwhile.
   */
  take(owned: OwnedAttempt, heirs: readonly VolumeDetails[]): Promise<string | undefined>;
}

export function createTakeover(
  engine: Engine,
  workerId: string,
  self: Owner,
  clock: Clock = systemClock,
  processes: ProcessTable = systemProcesses,
): Takeover {
  const ownLabel = encodeOwner(self);

  const inspectOwner = async (id: string) => {
    const details = await inspectContainer(engine, id);
    return details && { running: details.State.Running, startedAt: details.State.StartedAt };
  };

  return {
    async stateOf(owned, heirs) {
      const latest = inOrder(owned.attempt, heirs).at(-1);
      const owner = decodeOwner(latest?.labels[LABELS.owner] ?? owned.labels[LABELS.owner]);
      return owner === undefined
        ? "unknown"
        : await ownerState(owner, self, inspectOwner, processes.read, processes.exists);
    },
    async take(owned, heirs) {
      const { attempt } = owned;
      const generation = (inOrder(attempt, heirs).at(-1)?.generation ?? 0) + 1;
      const volume = await createVolume(engine, recordNames.heir(attempt, generation), {
        [LABELS.kind]: "heir" satisfies ObjectKind,
        [LABELS.workerId]: workerId,
        [LABELS.attempt]: attempt,
        [LABELS.owner]: ownLabel,
        [LABELS.createdAt]: String(clock.epoch()),
      });
      return volume.Labels[LABELS.owner] === ownLabel ? volume.Name : undefined;
    },
  };
}

/** The takeovers of one attempt, oldest first. */
function inOrder(attempt: string, heirs: readonly VolumeDetails[]) {
  const prefix = recordNames.heir(attempt, 0).slice(0, -1);
  return heirs
    .filter((heir) => heir.Name.startsWith(prefix))
    .map((heir) => ({ labels: heir.Labels, generation: Number(heir.Name.slice(prefix.length)) }))
    .sort((a, b) => a.generation - b.generation);
}

import type { Engine } from "./engine.ts";
import { createVolume, inspectContainer, removeVolume } from "./engine-objects.ts";
import type { VolumeDetails } from "./engine-schemas.ts";
import { LABELS, type LabelMap, type ObjectKind } from "./labels.ts";
import { recordNames } from "./object-names.ts";
import { decodeOwner, encodeOwner, type Owner, type OwnerState, ownerState } from "./owner.ts";

/** Something on the daemon that has an owner: a task container, or a claim without one. */
export interface OwnedSubject {
  /** Unique among subjects; names the volumes that record takeovers. */
  readonly id: string;
  readonly labels: LabelMap;
}

/** Decides about owners, and takes over what dead ones have left. All failures are `EngineError`s. */
export interface Takeover {
  /** Whether the owner of these labels lives; `heirs` are the takeovers so far. */
  stateOf(subject: OwnedSubject, heirs: readonly VolumeDetails[]): Promise<OwnerState>;
  /**
   * Takes a subject over from its dead owner. Of several heirs exactly one succeeds. `stillThere` is asked afterwards:
   * another heir may have finished with the subject meanwhile. Answers the names of all takeover volumes, or `undefined`.
   */
  take(
    subject: OwnedSubject,
    heirs: readonly VolumeDetails[],
    stillThere: () => Promise<boolean>,
  ): Promise<readonly string[] | undefined>;
}

export function createTakeover(engine: Engine, workerId: string, self: Owner): Takeover {
  const ownLabel = encodeOwner(self);

  const inspectOwner = async (id: string) => {
    const details = await inspectContainer(engine, id);
    return details && { running: details.State.Running, startedAt: details.State.StartedAt };
  };

  return {
    async stateOf(subject, heirs) {
      const latest = inOrder(subject, heirs).at(-1);
      const owner = decodeOwner(latest?.Labels[LABELS.owner] ?? subject.labels[LABELS.owner]);
      return owner === undefined ? "unknown" : await ownerState(owner, self, inspectOwner);
    },
    async take(subject, heirs, stillThere) {
      const before = inOrder(subject, heirs);
      const name = recordNames.heir(subject.id, before.length + 1);
      const volume = await createVolume(engine, name, {
        [LABELS.kind]: "heir" satisfies ObjectKind,
        [LABELS.workerId]: workerId,
        [LABELS.owner]: ownLabel,
        [LABELS.createdAt]: String(Date.now()),
      });
      if (volume.Labels[LABELS.owner] !== ownLabel) return undefined;
      const names = [...before.map((heir) => heir.Name), name];
      if (await stillThere()) return names;
      for (const heir of names) await removeVolume(engine, heir);
      return undefined;
    },
  };
}

/** The takeovers of one subject, oldest first. */
function inOrder(subject: OwnedSubject, heirs: readonly VolumeDetails[]): readonly VolumeDetails[] {
  const prefix = recordNames.heir(subject.id, 0).slice(0, -1);
  const generation = (heir: VolumeDetails) => Number(heir.Name.slice(prefix.length));
  return heirs.filter((heir) => heir.Name.startsWith(prefix)).sort((a, b) => generation(a) - generation(b));
}

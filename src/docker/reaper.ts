import { decodeOwner, type Owner, ownerState, type ProcessTable, systemProcesses } from "../host/owner.ts";
import type { Clock } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { createOnce } from "../support/once.ts";
import type { Engine } from "./engine/engine.ts";
import type { EngineClock } from "./engine/engine-clock.ts";
import { describeError, isEngineAway } from "./engine/engine-error.ts";
import {
  isUnlabelled,
  listContainers,
  listImagesTagged,
  listVolumesNamed,
  removeContainer,
  removeIdleContainer,
  removeImageTag,
  removeVolume,
} from "./engine/engine-objects.ts";
import type { ContainerSummary, ImageSummary, VolumeDetails } from "./engine/engine-schemas.ts";
import { madeAt } from "./records/attempts.ts";
import { isFreshContainer } from "./records/freshness.ts";
import { LABEL_PREFIX, LABELS, type LabelMap, labelledAttempt, type ObjectKind } from "./records/labels.ts";
import type { LeaseLooks } from "./records/lease-looks.ts";
import { decodeVerdict } from "./records/ledger.ts";
import { SOURCE_IMAGES } from "./records/object-names.ts";
import type { Seals } from "./records/seals.ts";
import {
  containerStanding,
  imageStanding,
  isKept,
  isRecordName,
  listedContainer,
  type Standing,
  volumeStanding,
} from "./records/standing.ts";
import { judgeByLease, ownerContainer, ownerLabel } from "./records/takeover.ts";
import { isPublication } from "./sidecars/clear-stale.ts";

/** A record may be younger than the next sign of what it belongs to; nothing is lost by waiting. */
const DECENT_TIME_MS = 60_000;
/**
 * No copy takes longer: what nothing mounts after that is nobody's. It counts from this process's first sight of it, by a
 * clock that nobody can set: the engine's calendar may be put ahead by hours under a copy that is being made.
 */
const COPIED_WITHIN_MS = 2 * 3_600_000;

export interface Reaper {
  /**
   * Removes what dead workers, of whatever id, have left half-way: copies that were never published, what served them,
   * private volumes, containers and records of tasks whose result is with Oz. Only what is proved to be made with this API
   * key, only where the owner is gone for certain, and nothing that runs but what was being stopped. Tasks whose result is not with Oz are adopted, and
   * no business of the reaper's. One object that cannot be removed keeps no other. Never rejects.
   */
  reap(): Promise<void>;
}

export interface ReaperOptions {
  readonly engine: Engine & EngineClock;
  readonly seals: Seals;
  readonly self: Owner;
  readonly clock: Clock;
  readonly leases: LeaseLooks;
  readonly log: Log;
  /** What time it is where the engine runs. */
  readonly now?: () => number;
  /** Where owners are looked for; the host's processes unless given. */
  readonly processes?: ProcessTable | undefined;
}

export function createReaper(options: ReaperOptions): Reaper {
  const { engine, seals, self, clock, leases, log, now = () => engine.now(), processes = systemProcesses } = options;
  const once = createOnce();
  /** When what is no record was first seen, by the process's clock; the names of the last sweep alone. */
  let firstSeen: ReadonlyMap<string, number> = new Map();

  /** Whether a sweep has seen what nothing needs any more long ago: its owner may have failed to remove it. */
  function forgetting(seen: Map<string, number>): (name: string) => boolean {
    return (name) => {
      const since = firstSeen.get(name) ?? clock.now();
      seen.set(name, since);
      return clock.now() - since > COPIED_WITHIN_MS;
    };
  }

  /** Whether the owners of objects are gone for certain; asked once in a sweep. */
  function ownersGone(): (label: string | undefined) => Promise<boolean> {
    const states = new Map<string, Promise<boolean>>();
    return (label = "") => {
      const owner = decodeOwner(label);
      if (owner === undefined) return Promise.resolve(false);
      const inspect = (id: string) => ownerContainer({ engine }, id);
      const gone =
        states.get(label) ??
        ownerState(owner, self, inspect, processes.read, processes.exists).then(
          (state) => judgeByLease(state, owner, leases) === "gone",
        );
      states.set(label, gone);
      return gone;
    };
  }

  /** Tries one object; says why it stays, where it is not for a reason of the reaper's own. */
  async function tryOne(name: string, standing: Standing, remove: () => Promise<boolean>): Promise<void> {
    try {
      if (standing !== "ours")
        once(`${standing} ${name}`, () => log.debug("left alone by the sweep", { name, standing }));
      else if (await remove()) log.debug("what a dead worker has left was removed", { name });
    } catch (error) {
      if (isEngineAway(error)) throw error;
      log.debug("left by the sweep", { name, reason: describeError(error) });
    }
  }

  async function sweep(): Promise<void> {
    const isGone = ownersGone();
    const seen = new Map<string, number>();
    const isForgotten = forgetting(seen);
    // Containers first: one that is seen has its claim among the volumes that are listed after it, unless that is dropped.
    const containers = await listContainers(engine, LABELS.kind);
    const volumes = await listVolumesNamed(engine, LABEL_PREFIX);
    const own = volumes.filter((volume) => volumeStanding(seals, volume) === "ours");
    const claimed = attemptsOf(own.filter((volume) => isKind(volume, "claim")));

    async function reapTask(container: ContainerSummary): Promise<boolean> {
      const attempt = labelledAttempt(container.Labels);
      if (isKept(listedContainer(container)) || claimed.has(attempt)) return false;
      const heirs = own.filter((one) => isKind(one, "heir") && labelledAttempt(one.Labels) === attempt);
      const isOld = now() - container.Created * 1_000 > DECENT_TIME_MS;
      if (!isOld || !(await isGone(ownerLabel(container.Labels, heirs)))) return false;
      if (await removeIdle(container)) return true;
      // Its end is told, and the one who was about to stop it is gone.
      const wasToStop = own.some(
        (one) =>
          isKind(one, "verdict") &&
          labelledAttempt(one.Labels) === attempt &&
          decodeVerdict(one.Labels[LABELS.verdict])?.kind === "stopped",
      );
      if (wasToStop) {
        await removeContainer(engine, container.Id);
        return true;
      }
      once(`runs ${container.Id}`, () =>
        log.warn(
          "a container of a task still runs whose claim is gone: its end will be told to nobody. It is over, or its " +
            "claim was pruned: remove it by hand (docker rm -f)",
          { task: container.Labels[LABELS.taskId], container: listedContainer(container).name },
        ),
      );
      return false;
    }

    async function reapContainer(container: ContainerSummary): Promise<boolean> {
      // The copy of one that is gone is somebody else's.
      if (!isFreshContainer(container.Created * 1_000, container.Labels)) return false;
      if (isKind(container, "task")) return await reapTask(container);
      if (isPublication(seals, container)) return false;
      const isLeft = isForgotten(container.Id);
      return (isLeft || (await isGone(container.Labels[LABELS.owner]))) && (await removeIdle(container));
    }

    const left: ContainerSummary[] = [];
    for (const container of containers) {
      const named = listedContainer(container);
      let isRemoved = false;
      await tryOne(named.name, containerStanding(seals, named), async () => {
        isRemoved = await reapContainer(container);
        return isRemoved;
      });
      if (!isRemoved) left.push(container);
    }
    const mounted = new Set(left.flatMap(({ Mounts }) => Mounts.flatMap(({ Name }) => Name ?? [])));
    // Records may be of a task that was taken over from who had another key.
    const claims = volumes.filter((one) => isKind(one, "claim") && volumeStanding(seals, one) !== "other");
    const tasks = left.filter(
      (one) => isKind(one, "task") && containerStanding(seals, listedContainer(one)) !== "other",
    );
    const current = attemptsOf([...claims, ...tasks]);

    const isOwnerOfMore = (owner: string | undefined) =>
      [...volumes.filter((one) => !isKind(one, "lease")), ...left].some(({ Labels }) => Labels[LABELS.owner] === owner);

    async function reapVolume(volume: VolumeDetails): Promise<boolean> {
      if (mounted.has(volume.Name)) return false;
      // Somebody may have removed what published a copy, or used it while it was to go: its owner will not look again.
      const belongs = current.has(labelledAttempt(volume.Labels));
      const isCopy = isKind(volume, "sidecar") || (isKind(volume, "private") && !belongs);
      const isLeft = isCopy && isForgotten(volume.Name);
      if (!isLeft && !(await isGone(volume.Labels[LABELS.owner]))) return false;
      const isRecord = isKind(volume, "verdict") || isKind(volume, "heir");
      // By it others are known to be a dead worker's.
      const isLastOfIts = isKind(volume, "lease") && !isOwnerOfMore(volume.Labels[LABELS.owner]);
      const isRubbish = isCopy || isLastOfIts || (isRecord && !belongs && isOld(volume.Labels, DECENT_TIME_MS));
      return isRubbish && (await removeVolume(engine, volume.Name));
    }

    for (const volume of volumes) {
      const { Name } = volume;
      // An engine that goes down leaves volumes that it has not finished.
      if (!isUnlabelled(volume)) await tryOne(Name, volumeStanding(seals, volume), () => reapVolume(volume));
      else if (isRecordName(Name) && !mounted.has(Name) && now() - madeAt(volume) > DECENT_TIME_MS) {
        await tryOne(Name, "ours", () => removeVolume(engine, Name));
      }
    }
    for (const image of await listImagesTagged(engine, SOURCE_IMAGES)) await reapImage(image, isGone, isForgotten);
    firstSeen = seen;
  }

  /** What served a copy. One that a container uses goes when that is gone. */
  async function reapImage(
    { Labels, RepoTags }: ImageSummary,
    isGone: (label?: string) => Promise<boolean>,
    isForgotten: (name: string) => boolean,
  ): Promise<void> {
    for (const listed of RepoTags) {
      // Podman says where an image without a registry is.
      const tag = listed.replace(/^localhost\//, "");
      await tryOne(tag, imageStanding(seals, tag, Labels), async () => {
        const isLeft = isForgotten(tag) || (await isGone(Labels[LABELS.owner]));
        return isLeft && (await removeImageTag(engine, tag));
      });
    }
  }

  /** The engine itself refuses to remove one that runs. */
  function removeIdle({ Id }: ContainerSummary): Promise<boolean> {
    return removeIdleContainer(engine, Id);
  }

  function isOld(labels: LabelMap, ageMs: number): boolean {
    return now() - Number(labels[LABELS.createdAt]) > ageMs;
  }

  return {
    async reap() {
      try {
        await sweep();
      } catch (error) {
        log.debug("what dead workers left could not all be removed", { reason: describeError(error) });
      }
    },
  };
}

function attemptsOf(objects: readonly { readonly Labels: LabelMap }[]): ReadonlySet<string | undefined> {
  return new Set(objects.map(({ Labels }) => labelledAttempt(Labels)));
}

function isKind({ Labels }: { readonly Labels: LabelMap }, kind: ObjectKind): boolean {
  return Labels[LABELS.kind] === kind;
}

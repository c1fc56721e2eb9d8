import type { Log } from "../support/log.ts";
import type { Engine } from "./engine/engine.ts";
import { describeError } from "./engine/engine-error.ts";
import {
  inspectContainer,
  isUnlabelled,
  listContainers,
  listImages,
  listVolumes,
  listVolumesNamed,
  removeContainer,
  removeImage,
  removeVolume,
} from "./engine/engine-objects.ts";
import type { ContainerSummary, ImageSummary, VolumeDetails } from "./engine/engine-schemas.ts";
import { removeVolumesOf } from "./records/discard-execution.ts";
import { LABEL_PREFIX, LABELS, type LabelMap, type ObjectKind } from "./records/labels.ts";
import { recordNames } from "./records/object-names.ts";
import { decodeOwner, type Owner, ownerState, type ProcessTable, systemProcesses } from "./records/owner.ts";
import { isPlaceholder } from "./sidecars/clear-stale.ts";

/** A record may be younger than the next sign of what it belongs to; nothing is lost by waiting. */
const DECENT_TIME_MS = 60_000;
/** No copy takes longer: what nothing mounts after that is nobody's. */
const COPIED_WITHIN_MS = 2 * 3_600_000;
/** After this time nobody is still busy with clearing an execution away, this process included. */
const CLEARED_WITHIN_MS = 600_000;

/**
 * Removes what dead workers, of whatever id, have left half-way: copies that were never published, what served them, private
 * volumes, records that belong to nothing any more, and all of executions whose result is with Oz. Only objects with our
 * labels, and only where the owner is gone for certain. Tasks whose result is not with Oz are no business of the reaper's:
 * these are adopted. Never rejects.
 */
export async function reap(
  engine: Engine,
  self: Owner,
  log: Log,
  now: () => number = Date.now,
  processes: ProcessTable = systemProcesses,
): Promise<void> {
  const states = new Map<string, Promise<boolean>>();

  function ownerIsGone(labels: LabelMap): Promise<boolean> {
    const label = labels[LABELS.owner];
    const owner = decodeOwner(label);
    if (label === undefined || owner === undefined) return Promise.resolve(false);
    let gone = states.get(label);
    if (gone === undefined) {
      const inspect = async (id: string) => {
        const details = await inspectContainer(engine, id);
        return details && { running: details.State.Running, startedAt: details.State.StartedAt };
      };
      gone = ownerState(owner, self, inspect, processes.read, processes.exists).then((state) => state === "gone");
      states.set(label, gone);
    }
    return gone;
  }

  /** Answers whether the container is gone. */
  async function reapContainer(container: ContainerSummary): Promise<boolean> {
    const kind = container.Labels[LABELS.kind];
    const isHelper = kind === kinds.source || (kind === kinds.sidecar && !isPlaceholder(container));
    // Its owner may have failed to remove it, for lack of a daemon.
    const isForgotten = now() - container.Created * 1_000 > COPIED_WITHIN_MS;
    if (!isHelper || !(isForgotten || (await ownerIsGone(container.Labels)))) return false;
    await removeContainer(engine, container.Id);
    log.debug("a helper container that was left was removed", { container: container.Names[0] });
    return true;
  }

  async function reapVolume(volume: VolumeDetails, mounted: ReadonlySet<string>, current: ReadonlySet<string>) {
    const kind = volume.Labels[LABELS.kind];
    if (mounted.has(volume.Name)) return;
    // Somebody may have removed what published a copy, or used it while it was to go: its owner will not look again.
    const belongs = current.has(volume.Labels[LABELS.attempt] ?? "");
    const isCopy = kind === kinds.sidecar || (kind === kinds.private && !belongs);
    const isForgotten = isCopy && isOld(volume, COPIED_WITHIN_MS);
    if (!isForgotten && !(await ownerIsGone(volume.Labels))) return;
    const isLeft =
      kind === kinds.sidecar ||
      kind === kinds.private ||
      ((kind === kinds.verdict || kind === kinds.heir) && !belongs && isOld(volume, DECENT_TIME_MS));
    if (isLeft && (await removeVolume(engine, volume.Name))) {
      log.debug("a dead worker's volume was removed", { volume: volume.Name });
    }
  }

  /** What served a copy. One that a container uses goes when that is gone. */
  async function reapImage(image: ImageSummary): Promise<void> {
    const isForgotten = now() - Number(image.Labels[LABELS.createdAt] ?? now()) > COPIED_WITHIN_MS;
    if (!(isForgotten || (await ownerIsGone(image.Labels)))) return;
    if (await removeImage(engine, image.Id)) log.debug("an image that served a copy was removed", { image: image.Id });
  }

  /** What is left of an execution whose worker ended while it cleared it away, or could not. */
  async function reapDone(mark: VolumeDetails, containers: readonly ContainerSummary[]): Promise<void> {
    const attempt = mark.Labels[LABELS.attempt];
    if (attempt === undefined) return;
    if (!isOld(mark, CLEARED_WITHIN_MS) && !(await ownerIsGone(mark.Labels))) return;
    await removeAttempt(attempt, containers);
    log.debug("what was left of a reported task was removed", { task: mark.Labels[LABELS.taskId] });
  }

  /** A volume that an engine has not finished, because it went down. A mark without labels marks all the same. */
  async function reapUnlabelled(
    volume: VolumeDetails,
    containers: readonly ContainerSummary[],
    volumes: readonly VolumeDetails[],
  ): Promise<void> {
    const isOurs = volume.Name.startsWith(LABEL_PREFIX) && isUnlabelled(volume);
    if (!isOurs || !(now() - Date.parse(volume.CreatedAt ?? "") > DECENT_TIME_MS)) return;
    const prefix = recordNames.done("");
    if (volume.Name.startsWith(prefix)) {
      const attempt = volume.Name.slice(prefix.length);
      for (const { Labels } of [...containers, ...volumes]) {
        if (Labels[LABELS.attempt] === attempt && !(await ownerIsGone(Labels))) return;
      }
      await removeAttempt(attempt, containers);
    } else {
      await removeVolume(engine, volume.Name);
    }
    log.debug("a volume that was never finished was removed", { volume: volume.Name });
  }

  async function removeAttempt(attempt: string, containers: readonly ContainerSummary[]): Promise<void> {
    for (const container of containers) {
      if (container.Labels[LABELS.attempt] === attempt) await removeContainer(engine, container.Id);
    }
    await removeVolumesOf(engine, attempt);
  }

  function isOld(volume: VolumeDetails, ageMs: number): boolean {
    return now() - Number(volume.Labels[LABELS.createdAt] ?? 0) > ageMs;
  }

  try {
    const containers: ContainerSummary[] = [];
    for (const container of await listContainers(engine, LABELS.kind)) {
      if (!(await reapContainer(container))) containers.push(container);
    }
    const volumes = await listVolumes(engine, LABELS.kind);
    const done = volumes.filter(({ Labels }) => Labels[LABELS.kind] === kinds.done);
    for (const mark of done) await reapDone(mark, containers);
    const mounted = new Set(containers.flatMap(({ Mounts }) => Mounts.flatMap(({ Name }) => Name ?? [])));
    const holders = [...containers, ...volumes].filter(({ Labels }) => isHolder(Labels[LABELS.kind]));
    const current = new Set(holders.map(({ Labels }) => Labels[LABELS.attempt] ?? ""));
    for (const volume of volumes) await reapVolume(volume, mounted, current);
    const named = await listVolumesNamed(engine, LABEL_PREFIX);
    for (const volume of named) if (!mounted.has(volume.Name)) await reapUnlabelled(volume, containers, volumes);
    for (const image of await listImages(engine, `${LABELS.kind}=${kinds.source}`)) await reapImage(image);
  } catch (error) {
    log.debug("what dead workers left could not all be removed", { reason: describeError(error) });
  }
}

const kinds = {
  source: "sidecar-source",
  sidecar: "sidecar",
  private: "private",
  verdict: "verdict",
  heir: "heir",
  claim: "claim",
  task: "task",
  done: "done",
} as const satisfies Record<string, ObjectKind>;

/** As long as one of these is there, records of its attempt mean something. */
function isHolder(kind: string | undefined): boolean {
  return kind === kinds.claim || kind === kinds.task || kind === kinds.done;
}

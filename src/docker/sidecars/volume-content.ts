import { type Clock, systemClock } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import { createSharedWork } from "../../support/shared-work.ts";
import type { Engine } from "../engine/engine.ts";
import { hasStatus } from "../engine/engine-error.ts";
import {
  createVolume,
  inspectContainer,
  inspectVolume,
  removeContainer,
  removeVolume,
  renameContainer,
} from "../engine/engine-objects.ts";
import { LABELS, type ObjectKind } from "../records/labels.ts";
import { randomToken, sidecarNames } from "../records/object-names.ts";
import { fillVolume } from "./fill-volume.ts";
import type { PreparedSidecar, SidecarContent, SidecarUse } from "./sidecar-content.ts";

/**
 * Sidecars as copies in volumes, for every engine. Content that is only read is shared by image id. A volume counts as
 * filled when a container has the name made of that image id and mounts it: names are unique and taken in one step, so
 * a filler that dies leaves nothing that anybody would use, and of two fillers one finds the name taken. `onPublished` is
 * told of new content: it may have made older content stale.
 */
export function createVolumeContent(
  engine: Engine,
  owner: string,
  log: Log,
  onPublished: () => void = () => {},
  clock: Clock = systemClock,
): SidecarContent {
  const filling = createSharedWork<string>();
  /** Volumes that were not what they should be when they were used. */
  const suspects = new Set<string>();
  /** Published volumes by image id, as far as is known: every use is checked, once a container holds it. */
  const known = new Map<string, string>();

  async function publishedVolume(imageId: string): Promise<string | undefined> {
    const volume = known.get(imageId) ?? (await findPublished(imageId));
    if (volume !== undefined) known.set(imageId, volume);
    return volume;
  }

  async function findPublished(imageId: string): Promise<string | undefined> {
    const placeholder = await inspectContainer(engine, sidecarNames.published(imageId));
    const volume = placeholder?.Config.Labels[LABELS.volume];
    if (placeholder === undefined || volume === undefined || !suspects.delete(volume)) return volume;
    if (await holds(volume, imageId)) return volume;
    // Somebody has taken the volume away by hand, and left what publishes it.
    await removeContainer(engine, placeholder.Id);
    await removeVolume(engine, volume);
    return undefined;
  }

  /** One that nothing publishes any more, and that is still here, is as good. */
  async function holds(volume: string, imageId: string): Promise<boolean> {
    if ((await inspectVolume(engine, volume))?.Labels[LABELS.imageId] === imageId) return true;
    suspects.add(volume);
    if (known.get(imageId) === volume) known.delete(imageId);
    return false;
  }

  async function publish(imageId: string, image: string, signal: AbortSignal): Promise<string> {
    const existing = await publishedVolume(imageId);
    if (existing !== undefined) return existing;

    const startedAt = clock.now();
    const volume = sidecarNames.volume(randomToken());
    const labels = {
      [LABELS.kind]: "sidecar" satisfies ObjectKind,
      [LABELS.owner]: owner,
      [LABELS.imageId]: imageId,
      [LABELS.imageReference]: image,
      [LABELS.createdAt]: String(clock.epoch()),
    };
    let filler: string | undefined;
    try {
      await createVolume(engine, volume, labels);
      const fillerLabels = { ...labels, [LABELS.volume]: volume };
      filler = await fillVolume(engine, { imageId, volume, owner, fillerLabels, clock }, signal);
      await renameContainer(engine, filler, sidecarNames.published(imageId));
    } catch (error) {
      // Detached from the task's own cancellation: what was begun is cleared away either way.
      if (filler !== undefined) await removeContainer(engine, filler).catch(() => {});
      await removeVolume(engine, volume).catch(() => {});
      const winner = hasStatus(error, 409) ? await publishedVolume(imageId) : undefined;
      if (winner !== undefined) return winner;
      throw error;
    }
    onPublished();
    log.info("sidecar content copied", { image, seconds: Math.round((clock.now() - startedAt) / 100) / 10 });
    return volume;
  }

  async function sharedCopy(imageId: string, image: string, mountPath: string, signal: AbortSignal) {
    const volume = await filling.join(imageId, signal, (own) => publish(imageId, image, own));
    return prepared(volume, mountPath, true, imageId);
  }

  async function fillPrivate(volume: string, use: SidecarUse, signal: AbortSignal): Promise<string> {
    const { imageId } = use;
    const fillerLabels = { [LABELS.kind]: "sidecar-source" satisfies ObjectKind, [LABELS.owner]: owner };
    try {
      await createVolume(engine, volume, { ...use.privateLabels, [LABELS.imageId]: imageId });
      const filler = await fillVolume(engine, { imageId, volume, owner, fillerLabels, clock }, signal);
      await removeContainer(engine, filler);
      // Nobody waits for it any more.
      if (signal.aborted) throw signal.reason;
      return volume;
    } catch (error) {
      await removeVolume(engine, volume).catch(() => {});
      throw error;
    }
  }

  function prepared(volume: string, mountPath: string, readOnly: boolean, imageId: string): PreparedSidecar {
    return {
      source: volume,
      mount: {
        Type: "volume",
        Source: volume,
        Target: mountPath,
        ReadOnly: readOnly,
        VolumeOptions: { NoCopy: true },
      },
      outlivesEngine: true,
      stillValid: () => holds(volume, imageId),
    };
  }

  return {
    async existing(imageId, mountPath) {
      const volume = await publishedVolume(imageId);
      return volume === undefined ? undefined : prepared(volume, mountPath, true, imageId);
    },
    async prepare(use, signal) {
      if (!use.readWrite) return await sharedCopy(use.imageId, use.image, use.mountPath, signal);
      // Another one for each try: the engine may still write to one that it was cut off from.
      const volume = `${use.privateVolume}.${randomToken()}`;
      await filling.join(volume, signal, (own) => fillPrivate(volume, use, own));
      return prepared(volume, use.mountPath, false, use.imageId);
    },
  };
}

import { createSharedWork } from "../../support/shared-work.ts";
import { withoutUser } from "../../support/shown-image.ts";
import { EngineError, hasStatus } from "../engine/engine-error.ts";
import {
  createVolume,
  inspectContainer,
  inspectVolume,
  removeContainer,
  removeIdleContainer,
  removeVolume,
  renameContainer,
} from "../engine/engine-objects.ts";
import type { ContainerDetails } from "../engine/engine-schemas.ts";
import { madeAt } from "../records/attempts.ts";
import { isFreshContainer } from "../records/freshness.ts";
import { LABELS, type ObjectKind } from "../records/labels.ts";
import { randomToken, sidecarNames } from "../records/object-names.ts";
import { containerStanding, inspectedContainer, volumeStanding } from "../records/standing.ts";
import { type ContentMaker, helperLabels } from "./content-maker.ts";
import { fillVolume } from "./fill-volume.ts";
import type { PreparedSidecar, SidecarContent, SidecarUse } from "./sidecar-content.ts";

/** A volume with an image's content, as it was when it was found to be that. */
interface Content {
  readonly volume: string;
  /** By the engine's clock: who takes the volume away, and makes another of its name and labels, makes a later one. */
  readonly madeAt: number;
}

/**
 * Sidecars as copies in volumes, for every engine. Content that is only read is shared by image id, among those who have
 * the same API key. A volume counts as filled when a container has the name made of that image id and stands for it: names
 * are unique and taken in one step, so a filler that dies leaves nothing that anybody would use, and of two fillers one
 * finds the name taken. Volume and container must be sealed: what a stranger has prepared would run in every task.
 * `onPublished` is told of new content: it may have made older content stale.
 */
export function createVolumeContent(maker: ContentMaker, onPublished: () => void = () => {}): SidecarContent {
  const { engine, seals, log } = maker;
  const filling = createSharedWork<Content>();
  /** Published content by image id, as far as is known: every use is checked, once a container holds it. */
  const known = new Map<string, Content>();

  async function publishedContent(imageId: string): Promise<Content | undefined> {
    const content = known.get(imageId) ?? (await findPublished(imageId));
    if (content !== undefined) known.set(imageId, content);
    return content;
  }

  async function findPublished(imageId: string): Promise<Content | undefined> {
    const placeholder = await inspectContainer(engine, sidecarNames.published(seals, imageId));
    const volume = placeholder?.Config.Labels[LABELS.volume];
    if (placeholder === undefined || volume === undefined || !isPublication(placeholder)) return undefined;
    const content = await look(volume, imageId);
    // Somebody has taken the volume away by hand, and left what publishes it.
    if (content === undefined) await removeIdleContainer(engine, placeholder.Id);
    return content;
  }

  /** A copy of one that is gone is younger than its labels say. */
  function isPublication(placeholder: ContainerDetails): boolean {
    const isOurs = containerStanding(seals, inspectedContainer(placeholder)) === "ours";
    const { Created, Config, State } = placeholder;
    return isOurs && State.Status === "created" && isFreshContainer(Date.parse(Created), Config.Labels);
  }

  /** The volume as it is now; `undefined` where it is not what it should be. */
  async function look(volume: string, imageId: string): Promise<Content | undefined> {
    const there = await inspectVolume(engine, volume);
    const isIt = there?.Labels[LABELS.imageId] === imageId && volumeStanding(seals, there) === "ours";
    return isIt ? { volume, madeAt: madeAt(there) } : undefined;
  }

  /** One that nothing publishes any more, and that is still here, is as good. */
  async function holds(content: Content, imageId: string): Promise<boolean> {
    if ((await look(content.volume, imageId))?.madeAt === content.madeAt) return true;
    if (known.get(imageId)?.volume === content.volume) known.delete(imageId);
    return false;
  }

  async function publish(imageId: string, image: string, signal: AbortSignal): Promise<Content> {
    const existing = await publishedContent(imageId);
    if (existing !== undefined) return existing;

    const startedAt = maker.now();
    const volume = sidecarNames.volume(randomToken());
    const name = sidecarNames.published(seals, imageId);
    const labels = {
      [LABELS.kind]: "sidecar" satisfies ObjectKind,
      [LABELS.owner]: maker.owner,
      [LABELS.imageId]: imageId,
      [LABELS.imageReference]: withoutUser(image),
      [LABELS.createdAt]: String(maker.now()),
    };
    let filler: string | undefined;
    try {
      await createVolume(engine, volume, seals.seal(volume, labels));
      // It is for the name that it gets when it is filled.
      const fillerLabels = () =>
        seals.seal(name, { ...labels, [LABELS.volume]: volume, [LABELS.createdAt]: String(maker.now()) });
      filler = await fillVolume(maker, { imageId, volume, fillerLabels }, signal);
      const content = await filledContent(volume, imageId);
      await renameContainer(engine, filler, name);
      onPublished();
      log.info("sidecar content copied", { image: withoutUser(image), seconds: seconds(startedAt, maker.now()) });
      return content;
    } catch (error) {
      const isTaken = filler !== undefined && hasStatus(error, 409);
      const winner = isTaken ? await publishedContent(imageId).catch(() => undefined) : undefined;
      if (isTaken && winner === undefined) return await unpublished(volume, imageId, name);
      // Detached from the task's own cancellation: what was begun is cleared away either way.
      if (filler !== undefined) await removeContainer(engine, filler).catch(() => {});
      await removeVolume(engine, volume).catch(() => {});
      if (winner !== undefined) return winner;
      throw error;
    }
  }

  /** What has the name and is not to be believed keeps nobody from work: the filler holds the content, for this process. */
  async function unpublished(volume: string, imageId: string, name: string): Promise<Content> {
    log.warn("something has the name of published sidecar content that is not this worker's: remove it by hand", {
      container: name,
    });
    const content = await filledContent(volume, imageId);
    known.set(imageId, content);
    return content;
  }

  async function filledContent(volume: string, imageId: string): Promise<Content> {
    const content = await look(volume, imageId);
    if (content === undefined) throw new EngineError("aborted", "the volume was removed by somebody else");
    return content;
  }

  async function sharedCopy(imageId: string, image: string, mountPath: string, signal: AbortSignal) {
    const content = await filling.join(imageId, signal, (own) => publish(imageId, image, own));
    return prepared(content, mountPath, true, imageId);
  }

  async function fillPrivate(volume: string, use: SidecarUse, signal: AbortSignal): Promise<Content> {
    const { imageId } = use;
    try {
      const labels = { ...use.privateLabels, [LABELS.imageId]: imageId };
      await createVolume(engine, volume, seals.seal(volume, labels));
      const fillerLabels = (name: string) => helperLabels(maker, name, imageId);
      const filler = await fillVolume(maker, { imageId, volume, fillerLabels }, signal);
      const content = await filledContent(volume, imageId);
      await removeContainer(engine, filler);
      // Nobody waits for it any more.
      if (signal.aborted) throw signal.reason;
      return content;
    } catch (error) {
      await removeVolume(engine, volume).catch(() => {});
      throw error;
    }
  }

  function prepared(content: Content, mountPath: string, readOnly: boolean, imageId: string): PreparedSidecar {
    const { volume } = content;
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
      stillValid: () => holds(content, imageId),
    };
  }

  return {
    async existing(imageId, mountPath) {
      const content = await publishedContent(imageId);
      return content === undefined ? undefined : prepared(content, mountPath, true, imageId);
    },
    async prepare(use, signal) {
      if (!use.readWrite) return await sharedCopy(use.imageId, use.image, use.mountPath, signal);
      const volume = use.privateVolume();
      const content = await filling.join(volume, signal, (own) => fillPrivate(volume, use, own));
      return prepared(content, use.mountPath, false, use.imageId);
    },
  };
}

function seconds(startedAt: number, now: number): number {
  return Math.round((now - startedAt) / 100) / 10;
}

import { withoutUser } from "../../support/shown-image.ts";
import type { Engine } from "../engine/engine.ts";
import { describeError, hasStatus, isEngineAway } from "../engine/engine-error.ts";
import { inspectImage, listContainers, removeIdleContainer, removeVolume } from "../engine/engine-objects.ts";
import type { ContainerSummary } from "../engine/engine-schemas.ts";
import { LABELS } from "../records/labels.ts";
import { sidecarNames } from "../records/object-names.ts";
import type { Seals } from "../records/seals.ts";
import { containerStanding, listedContainer } from "../records/standing.ts";
import type { ContentMaker } from "./content-maker.ts";

/** Content that was pulled by digest has no tag that could move on; unused, it may go after this time. */
const PINNED_KEEP_MS = 7 * 24 * 3_600_000;

/**
 * Removes content that was published with this API key, that no image with a tag stands for any more and that no container
 * uses. A task that is just about to mount it notices, and prepares it anew. Never rejects.
 */
export async function clearStaleSidecars(maker: ContentMaker, now: () => number = maker.now): Promise<void> {
  const { engine, seals, log } = maker;
  try {
    const containers = await listContainers(engine, LABELS.kind);
    for (const placeholder of containers.filter((container) => isPublication(seals, container))) {
      await clearOne(maker, placeholder, containers, now()).catch((error: unknown) => {
        if (isEngineAway(error)) throw error;
        const { name } = listedContainer(placeholder);
        log.debug("published sidecar content is left", { container: name, reason: describeError(error) });
      });
    }
  } catch (error) {
    log.debug("sidecar content could not all be looked through", { reason: describeError(error) });
  }
}

async function clearOne(
  { engine, log }: ContentMaker,
  placeholder: ContainerSummary,
  containers: readonly ContainerSummary[],
  now: number,
): Promise<void> {
  const volume = placeholder.Labels[LABELS.volume] ?? "";
  if (containers.some((other) => other !== placeholder && mounts(other, volume))) return;
  if (!(await isStale(engine, placeholder, now)) || !(await removeIdleContainer(engine, placeholder.Id))) return;
  await removeVolume(engine, volume);
  log.info("sidecar content that serves no current image was removed", {
    image: withoutUser(placeholder.Labels[LABELS.imageReference] ?? ""),
    volume,
  });
}

async function isStale(engine: Engine, { Labels }: ContainerSummary, now: number): Promise<boolean> {
  const age = now - Number(Labels[LABELS.createdAt] ?? 0);
  try {
    const image = await inspectImage(engine, Labels[LABELS.imageId] ?? "");
    if (image.RepoTags.length > 0) return false;
    return !(Labels[LABELS.imageReference] ?? "").includes("@") || age > PINNED_KEEP_MS;
  } catch (error) {
    if (hasStatus(error, 404)) return true;
    throw error;
  }
}

/** Whether a container is the never started one that publishes a sidecar volume, made with this API key. */
export function isPublication(seals: Seals, container: ContainerSummary): boolean {
  const named = listedContainer(container);
  const imageId = named.labels[LABELS.imageId] ?? "";
  return named.name === sidecarNames.published(seals, imageId) && containerStanding(seals, named) === "ours";
}

function mounts(container: ContainerSummary, volume: string): boolean {
  return container.Mounts.some((mount) => mount.Name === volume);
}

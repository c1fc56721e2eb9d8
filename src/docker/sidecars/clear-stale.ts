import type { Log } from "../../support/log.ts";
import { withoutUser } from "../../support/shown-image.ts";
import type { Engine } from "../engine/engine.ts";
import { describeError, hasStatus } from "../engine/engine-error.ts";
import { listContainers, removeContainer, removeVolume } from "../engine/engine-objects.ts";
import { type ContainerSummary, ImageDetails } from "../engine/engine-schemas.ts";
import { LABELS } from "../records/labels.ts";
import { sidecarNames } from "../records/object-names.ts";

/** Content that was pulled by digest has no tag that could move on; unused, it may go after this time. */
const PINNED_KEEP_MS = 7 * 24 * 3_600_000;

/**
 * Removes published sidecar content that no image with a tag stands for any more and that no container uses. A task that is
 * just about to mount it notices, and prepares it anew. Never rejects.
 */
export async function clearStaleSidecars(engine: Engine, log: Log, now: () => number = Date.now): Promise<void> {
  try {
    const containers = await listContainers(engine, LABELS.kind);
    for (const placeholder of containers.filter(isPlaceholder)) {
      const volume = placeholder.Labels[LABELS.volume] ?? "";
      if (containers.some((other) => other !== placeholder && mounts(other, volume))) continue;
      if (!(await isStale(engine, placeholder, now()))) continue;
      await removeContainer(engine, placeholder.Id);
      await removeVolume(engine, volume);
      log.info("sidecar content that serves no current image was removed", {
        image: withoutUser(placeholder.Labels[LABELS.imageReference] ?? ""),
        volume,
      });
    }
  } catch (error) {
    log.debug("sidecar content could not all be looked through", { reason: describeError(error) });
  }
}

async function isStale(engine: Engine, placeholder: ContainerSummary, now: number): Promise<boolean> {
  const imageId = placeholder.Labels[LABELS.imageId] ?? "";
  const reference = placeholder.Labels[LABELS.imageReference] ?? "";
  const age = now - Number(placeholder.Labels[LABELS.createdAt] ?? 0);
  try {
    const image = await engine.call({ method: "GET", path: `/images/${imageId}/json` }, ImageDetails);
    if (image.RepoTags.length > 0) return false;
    return !reference.includes("@") || age > PINNED_KEEP_MS;
  } catch (error) {
    if (hasStatus(error, 404)) return true;
    throw error;
  }
}

/** Whether a container is the never started one that publishes a sidecar volume. */
export function isPlaceholder(container: ContainerSummary): boolean {
  const imageId = container.Labels[LABELS.imageId];
  return imageId !== undefined && container.Names.includes(`/${sidecarNames.published(imageId)}`);
}

function mounts(container: ContainerSummary, volume: string): boolean {
  return container.Mounts.some((mount) => mount.Name === volume);
}

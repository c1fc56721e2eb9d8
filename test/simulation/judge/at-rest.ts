import { LABEL_PREFIX, LABELS } from "../../../src/docker/records/labels.ts";
import { isKeptName, sidecarNames } from "../../../src/docker/records/object-names.ts";
import { decodeOwner, type Owner } from "../../../src/host/owner.ts";
import type { EngineState } from "../engine/engine-state.ts";
import { SEALS } from "../world/stock.ts";

/**
 * What is on an engine that should not be there when everything is done: all but published and kept things, and the leases
 * of those that live.
 */
export function* leftovers(state: EngineState, lives: (owner: Owner) => boolean): Generator<string> {
  const kept = new Set<string>();
  for (const container of state.containers.values()) {
    const { name, labels, mounts } = container;
    const imageId = labels[LABELS.imageId];
    const isPublished = imageId !== undefined && name === sidecarNames.published(SEALS, imageId);
    if (isPublished || (isKeptName(name) && container.status !== "running")) {
      for (const { source } of mounts) kept.add(source);
    } else {
      yield `container ${name} ${container.status} ${JSON.stringify(labels)}`;
    }
  }
  for (const { name, labels } of state.volumes.values()) {
    const isOurs = name.startsWith(LABEL_PREFIX) || Object.keys(labels).length === 0;
    const owner = labels[LABELS.kind] === "lease" ? decodeOwner(labels[LABELS.owner]) : undefined;
    if (owner !== undefined && lives(owner)) continue;
    if (isOurs && !kept.has(name)) yield `volume ${name} ${JSON.stringify(labels)}`;
  }
  for (const { id, labels } of state.images.values()) {
    if (labels[LABELS.kind] !== undefined) yield `image ${id}`;
  }
}

/** Whether there is nothing of that kind. */
export function isClean(state: EngineState, lives: (owner: Owner) => boolean): boolean {
  return leftovers(state, lives).next().done === true;
}

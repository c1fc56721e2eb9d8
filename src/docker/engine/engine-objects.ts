import { labelFilter } from "../records/labels.ts";
import type { Engine, EngineRequest } from "./engine.ts";
import { describeError, hasStatus } from "./engine-error.ts";
import {
  ContainerDetails,
  ContainerList,
  type ContainerSummary,
  CreatedContainer,
  ImageList,
  type ImageSummary,
  VolumeDetails,
  VolumeList,
} from "./engine-schemas.ts";

/** Creating a container may copy an image's volumes, on a disk that is busy. */
const CREATE_LIMIT_MS = 300_000;
const REMOVE_LIMIT_MS = 120_000;
const RECORD_LIMIT_MS = 60_000;

/** For what is never started: the engine wants a command of images that have none. */
export const NO_COMMAND = ["-"];

/**
 * Creates a container and answers its id; `onWarnings` gets what the engine did otherwise than it was told. A failure with
 * status 409 means that the name is taken.
 */
export async function createContainer(
  engine: Engine,
  name: string,
  body: object,
  limitMs = CREATE_LIMIT_MS,
  onWarnings: (warnings: readonly string[]) => void = () => {},
): Promise<string> {
  const created = await engine.call(
    { method: "POST", path: "/containers/create", query: { name }, body, limitMs },
    CreatedContainer,
  );
  onWarnings(created.Warnings);
  return created.Id;
}

/** A container by id or name; `undefined` where there is none. */
export function inspectContainer(engine: Engine, idOrName: string): Promise<ContainerDetails | undefined> {
  return absentOn404(engine.call({ method: "GET", path: `/containers/${idOrName}/json` }, ContainerDetails));
}

/** Containers in every state that carry all of these labels. */
export function listContainers(engine: Engine, ...labels: readonly string[]): Promise<ContainerSummary[]> {
  return engine.call(
    { method: "GET", path: "/containers/json", query: { all: true, filters: labelFilter(...labels) } },
    ContainerList,
  );
}

/** Kills and removes a container with its anonymous volumes; one that is gone, or being removed, is fine. */
export async function removeContainer(engine: Engine, idOrName: string): Promise<void> {
  const request = {
    method: "DELETE",
    path: `/containers/${idOrName}`,
    query: { force: true, v: true },
    limitMs: REMOVE_LIMIT_MS,
  } as const;
  try {
    await engine.run(request);
  } catch (error) {
    if (!hasStatus(error, 404) && !(hasStatus(error, 409) && /in progress/i.test(describeError(error)))) throw error;
  }
}

/** Renames a container. A failure with status 409 means that the name is taken. */
export function renameContainer(engine: Engine, idOrName: string, name: string): Promise<void> {
  return engine.run({ method: "POST", path: `/containers/${idOrName}/rename`, query: { name } });
}

/**
 * Creates a volume, or answers the one that has the name: the labels tell which. The engine does this in one step, so
 * that of several callers exactly one finds its own labels. One that an engine killed at that moment has left, without any
 * label, is made anew.
 */
export async function createVolume(
  engine: Engine,
  name: string,
  labels: Readonly<Record<string, string>>,
  limitMs = RECORD_LIMIT_MS,
): Promise<VolumeDetails> {
  const body = { Name: name, Labels: labels };
  const create = () => engine.call({ method: "POST", path: "/volumes/create", body, limitMs }, VolumeDetails);
  const volume = await create();
  if (!isUnlabelled(volume)) return volume;
  // A restarted engine leaves the labels out of this answer, and out of no other.
  const existing = await inspectVolume(engine, name);
  if (existing !== undefined && !isUnlabelled(existing)) return existing;
  await removeVolume(engine, name);
  return await create();
}

/** Whether a volume has no label at all: the engine keeps them elsewhere than the volume, and writes them later. */
export function isUnlabelled(volume: VolumeDetails): boolean {
  return Object.keys(volume.Labels).length === 0;
}

/** A volume; `undefined` where there is none. */
export function inspectVolume(engine: Engine, name: string): Promise<VolumeDetails | undefined> {
  return absentOn404(engine.call({ method: "GET", path: `/volumes/${name}` }, VolumeDetails));
}

/** Volumes that carry all of these labels. */
export async function listVolumes(engine: Engine, ...labels: readonly string[]): Promise<VolumeDetails[]> {
  const answer = await engine.call(
    { method: "GET", path: "/volumes", query: { filters: labelFilter(...labels) } },
    VolumeList,
  );
  return answer.Volumes;
}

/** Volumes with this in their name. */
export async function listVolumesNamed(engine: Engine, part: string): Promise<VolumeDetails[]> {
  const filters = JSON.stringify({ name: [part] });
  return (await engine.call({ method: "GET", path: "/volumes", query: { filters } }, VolumeList)).Volumes;
}

/** Removes a volume: `true` when it is gone, `false` when a container uses it. */
export function removeVolume(engine: Engine, name: string): Promise<boolean> {
  return removeUnused(engine, { method: "DELETE", path: `/volumes/${name}`, limitMs: REMOVE_LIMIT_MS });
}

/** Images, those without a tag too, that carry this label. */
export function listImages(engine: Engine, label: string): Promise<ImageSummary[]> {
  return engine.call({ method: "GET", path: "/images/json", query: { filters: labelFilter(label) } }, ImageList);
}

/** Removes an image, and none that it was made from: `true` when it is gone, `false` when a container uses it. */
export function removeImage(engine: Engine, id: string): Promise<boolean> {
  const query = { noprune: true };
  return removeUnused(engine, { method: "DELETE", path: `/images/${id}`, query, limitMs: REMOVE_LIMIT_MS });
}

async function removeUnused(engine: Engine, removal: EngineRequest): Promise<boolean> {
  try {
    await engine.run(removal);
  } catch (error) {
    if (hasStatus(error, 409)) return false;
    if (!hasStatus(error, 404)) throw error;
  }
  return true;
}

async function absentOn404<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

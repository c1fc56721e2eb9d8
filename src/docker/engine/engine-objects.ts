import * as v from "valibot";
import type { Engine, EngineRequest } from "./engine.ts";
import { describeError, hasStatus } from "./engine-error.ts";
import { type EnginePath, enginePath } from "./engine-path.ts";
import {
  AnyList,
  ContainerDetails,
  ContainerSummary,
  CreatedContainer,
  ImageDetails,
  ImageSummary,
  VolumeDetails,
  VolumeList,
} from "./engine-schemas.ts";

/** Creating a container may copy an image's volumes, on a disk that is busy. */
const CREATE_LIMIT_MS = 300_000;
const REMOVE_LIMIT_MS = 120_000;
const RECORD_LIMIT_MS = 60_000;
/** A thousand tasks with long command lines; whoever may create containers may make it longer, and is not waited for. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;

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
    { method: "POST", path: enginePath`/containers/create`, query: { name }, body, limitMs },
    CreatedContainer,
  );
  onWarnings(created.Warnings);
  return created.Id;
}

/** A container by id or name; `undefined` where there is none. */
export async function inspectContainer(engine: Engine, idOrName: string): Promise<ContainerDetails | undefined> {
  const path = enginePath`/containers/${idOrName}/json`;
  return await absentOn404(engine.call({ method: "GET", path }, ContainerDetails));
}

/** The same with the bytes that it has written (`SizeRw`), which the engine has to count. */
export async function inspectContainerWithSize(engine: Engine, id: string): Promise<ContainerDetails | undefined> {
  const path = enginePath`/containers/${id}/json`;
  return await absentOn404(engine.call({ method: "GET", path, query: { size: true } }, ContainerDetails));
}

/** Containers in every state that carry all of these labels. */
export async function listContainers(engine: Engine, ...labels: readonly string[]): Promise<ContainerSummary[]> {
  const query = { all: true, filters: labelFilter(...labels) };
  return understood(await listed(engine, enginePath`/containers/json`, query, AnyList), ContainerSummary);
}

/** Kills and removes a container with its anonymous volumes; one that is gone, or being removed, is fine. */
export async function removeContainer(engine: Engine, idOrName: string): Promise<void> {
  await deleteContainer(engine, idOrName, true);
}

/** Removes a container with its anonymous volumes as `removeContainer` does, except one that runs: `false` where it does. */
export async function removeIdleContainer(engine: Engine, idOrName: string): Promise<boolean> {
  try {
    await deleteContainer(engine, idOrName, false);
    return true;
  } catch (error) {
    if (hasStatus(error, 409)) return false;
    throw error;
  }
}

async function deleteContainer(engine: Engine, idOrName: string, force: boolean): Promise<void> {
  const path = enginePath`/containers/${idOrName}`;
  try {
    await engine.run({ method: "DELETE", path, query: { force, v: true }, limitMs: REMOVE_LIMIT_MS });
  } catch (error) {
    if (!hasStatus(error, 404) && !(hasStatus(error, 409) && /in progress/i.test(describeError(error)))) throw error;
  }
}

/** Renames a container. A failure with status 409 means that the name is taken. */
export async function renameContainer(engine: Engine, idOrName: string, name: string): Promise<void> {
  await engine.run({ method: "POST", path: enginePath`/containers/${idOrName}/rename`, query: { name } });
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
  const create = () => engine.call({ method: "POST", path: enginePath`/volumes/create`, body, limitMs }, VolumeDetails);
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
export async function inspectVolume(engine: Engine, name: string): Promise<VolumeDetails | undefined> {
  return await absentOn404(engine.call({ method: "GET", path: enginePath`/volumes/${name}` }, VolumeDetails));
}

/** Volumes that carry all of these labels. */
export async function listVolumes(engine: Engine, ...labels: readonly string[]): Promise<VolumeDetails[]> {
  return await volumesWith(engine, labelFilter(...labels));
}

/** Volumes with this in their name. */
export async function listVolumesNamed(engine: Engine, part: string): Promise<VolumeDetails[]> {
  return await volumesWith(engine, JSON.stringify({ name: [part] }));
}

async function volumesWith(engine: Engine, filters: string): Promise<VolumeDetails[]> {
  const { Volumes } = await listed(engine, enginePath`/volumes`, { filters }, VolumeList);
  return understood(Volumes, VolumeDetails);
}

/** Removes a volume: `true` when it is gone, `false` when a container uses it. */
export async function removeVolume(engine: Engine, name: string): Promise<boolean> {
  return await removeUnused(engine, {
    method: "DELETE",
    path: enginePath`/volumes/${name}`,
    limitMs: REMOVE_LIMIT_MS,
  });
}

/** Images with a tag in this repository, of whatever registry. */
export async function listImagesTagged(engine: Engine, repository: string): Promise<ImageSummary[]> {
  const filters = JSON.stringify({ reference: [`${repository}:*`] });
  return understood(await listed(engine, enginePath`/images/json`, { filters }, AnyList), ImageSummary);
}

/**
 * Takes a tag away and, where it was an image's last name, that image, but none that it was made from: `true` when it is
 * gone, `false` when a container uses it.
 */
export async function removeImageTag(engine: Engine, tag: string): Promise<boolean> {
  const path = enginePath`/images/${tag.split("/")}`;
  const query = { noprune: true };
  return await removeUnused(engine, { method: "DELETE", path, query, limitMs: REMOVE_LIMIT_MS });
}

/** What an image is; a failure with status 404 means that it is not there. */
export async function inspectImage(engine: Engine, id: string): Promise<ImageDetails> {
  return await engine.call({ method: "GET", path: enginePath`/images/${id}/json` }, ImageDetails);
}

async function listed<TSchema extends v.GenericSchema>(
  engine: Engine,
  path: EnginePath,
  query: NonNullable<EngineRequest["query"]>,
  schema: TSchema,
): Promise<v.InferOutput<TSchema>> {
  return await engine.call({ method: "GET", path, query, maxAnswerBytes: MAX_LIST_BYTES }, schema);
}

/** One that cannot be read is none of this worker's, and hides no other. */
function understood<T>(entries: readonly unknown[], schema: v.GenericSchema<unknown, T>): T[] {
  return entries.flatMap((entry) => {
    const parsed = v.safeParse(schema, entry);
    return parsed.success ? [parsed.output] : [];
  });
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

/** The `filters` parameter of a list call: objects that carry all of these labels (`name` or `name=value`). */
function labelFilter(...labels: readonly string[]): string {
  return JSON.stringify({ label: labels });
}

import { posix } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import { createContainer, inspectImage, NO_COMMAND, removeContainer } from "../engine/engine-objects.ts";
import { enginePath } from "../engine/engine-path.ts";
import type { LabelMap } from "../records/labels.ts";
import { randomToken, sidecarNames } from "../records/object-names.ts";
import { type ContentMaker, helperLabels } from "./content-maker.ts";
import { COPY_LIMIT_MS, type CopyRequest, copyByEngine, coverMark } from "./copy-by-engine.ts";

/** Where a filler container has the volume; no image has a folder of that name. */
const FILL_PATH = "/.oz-agent-worker-fill";

export interface FillRequest {
  /** The image whose file system is copied, by its id: a tag may move meanwhile. */
  readonly imageId: string;
  /** An empty volume that nobody else uses. */
  readonly volume: string;
  /** Labels of the container that mounts the volume, which stays and is the caller's, under the name that it is given. */
  readonly fillerLabels: (name: string) => LabelMap;
}

/**
 * Copies an image's whole file system into a volume. Nothing runs and the image needs no shell: there is one container, never
 * started, to copy from, and another one that mounts the volume. Answers the id of that second one. On failure neither is
 * left; failures are `EngineError`s.
 */
export async function fillVolume(maker: ContentMaker, request: FillRequest, signal: AbortSignal): Promise<string> {
  const { engine, seals } = maker;
  const filler = sidecarNames.filler(seals, request.volume);
  const source = sidecarNames.source(randomToken());
  const covers = await coversOfVolumes(engine, request.imageId);
  try {
    const [fillerId, sourceId] = await bothOrNeither(
      createContainer(engine, filler, {
        Image: request.imageId,
        Cmd: NO_COMMAND,
        Labels: request.fillerLabels(filler),
        HostConfig: {
          Mounts: [
            ...covers,
            { Type: "volume", Source: request.volume, Target: FILL_PATH, VolumeOptions: { NoCopy: true } },
          ],
        },
      }),
      createContainer(engine, source, {
        Image: request.imageId,
        Cmd: NO_COMMAND,
        Labels: helperLabels(maker, source, request.imageId),
        HostConfig: { Mounts: covers },
      }),
    );
    const { volume, imageId } = request;
    const copy = { source: sourceId, filler: fillerId, path: FILL_PATH, volume, covers, imageId };
    if (!(await isCopiedByEngine(maker, copy, signal))) await copyByArchive(engine, copy, signal);
    await coverMark(engine, copy);
    return fillerId;
  } catch (error) {
    await removeContainer(engine, filler).catch(() => {});
    throw error;
  } finally {
    // What cannot be removed now carries its owner's label: the reaper takes it.
    await removeContainer(engine, source).catch(() => {});
  }
}

async function isCopiedByEngine(maker: ContentMaker, copy: CopyRequest, signal: AbortSignal): Promise<boolean> {
  try {
    return await copyByEngine(maker, copy, signal);
  } catch (error) {
    const isRefused = error instanceof EngineError && error.kind === "status" && !/no space left/i.test(error.message);
    // The archive has everything that the engine may have copied before.
    if (isRefused) return false;
    throw error;
  }
}

/** The export of the one container is what the other one unpacks: slower, and any engine can do it. */
async function copyByArchive(engine: Engine, copy: CopyRequest, signal: AbortSignal): Promise<void> {
  const archive = await engine.open({ method: "GET", path: enginePath`/containers/${copy.source}/export`, signal });
  try {
    await engine.run({
      method: "PUT",
      path: enginePath`/containers/${copy.filler}/archive`,
      query: { path: copy.path },
      archive,
      signal,
      limitMs: COPY_LIMIT_MS,
    });
  } finally {
    archive.destroy();
  }
}

/**
 * Mounts over the volumes that an image declares: without them the engine would make one without a name for each. As
 * nothing is started they hold nothing, and an export looks below them.
 */
async function coversOfVolumes(engine: Engine, imageId: string): Promise<readonly object[]> {
  const { Config } = await inspectImage(engine, imageId);
  const paths = Object.keys(Config?.Volumes ?? {}).map((path) => posix.join("/", path, ".").replace(/(?<=.)\/$/, ""));
  return [...new Set(paths)].filter((path) => path !== "/").map((Target) => ({ Type: "tmpfs", Target }));
}

/** Waits for both even if one fails: who cleans up must know that nothing is under way any more. */
async function bothOrNeither<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "rejected") throw a.reason;
  if (b.status === "rejected") throw b.reason;
  return [a.value, b.value];
}

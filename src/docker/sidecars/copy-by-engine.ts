import { Readable } from "node:stream";
import * as v from "valibot";
import type { Engine } from "../engine/engine.ts";
import { EngineError, hasStatus } from "../engine/engine-error.ts";
import { createContainer, NO_COMMAND, removeContainer, removeImageTag } from "../engine/engine-objects.ts";
import { enginePath } from "../engine/engine-path.ts";
import { randomToken, SOURCE_IMAGES, sidecarNames } from "../records/object-names.ts";
import { type ContentMaker, helperLabels } from "./content-maker.ts";
import { type ArchiveEntry, singleEntryArchive } from "./single-entry-archive.ts";

/** The copy of a sidecar that is large, on a disk that is slow. */
export const COPY_LIMIT_MS = 30 * 60_000;
/** A name that no image has, at the root of the file system that is copied. */
const MARK = ".oz-agent-worker-copy";

/** A copy of a container's whole file system into a volume. */
export interface CopyRequest {
  /** Id of a container that is never started, whose file system is copied; the mark stays in it. */
  readonly source: string;
  /** Id of another one, which mounts the volume at `path`. */
  readonly filler: string;
  readonly path: string;
  readonly volume: string;
  /** Mounts over the volumes that the image declares. */
  readonly covers: readonly object[];
  /** Id of the image that is copied. */
  readonly imageId: string;
}

/**
 * Has the engine copy a file system by itself, which it does several times as fast as it reads and writes archives: into an
 * empty volume that is mounted into a new container it copies what the image has at that place. A link to the root makes
 * the whole file system that place; it is put into the source container, and an image of that serves for the copy alone.
 * Answers `false` where the engine has copied nothing. The link is in the content then: see `coverMark`. Once the engine
 * copies it cannot be stopped: what a broken off create would leave could not be known. Failures are `EngineError`s; the
 * volume may hold a part of the content then, and nothing else is left.
 */
export async function copyByEngine(maker: ContentMaker, request: CopyRequest, signal: AbortSignal): Promise<boolean> {
  const { engine } = maker;
  const { source, volume, covers } = request;
  await putMark(engine, source, "/", { kind: "link", target: "." });
  const tag = sidecarNames.image(randomToken());
  const marked = await commit(maker, request, tag);
  const copier = sidecarNames.copier(randomToken());
  try {
    if (signal.aborted) throw new EngineError("aborted", "the copy was cancelled");
    const body = {
      Image: marked,
      Cmd: NO_COMMAND,
      Labels: helperLabels(maker, copier, request.imageId),
      HostConfig: { Mounts: [...covers, { Type: "volume", Source: volume, Target: `/${MARK}` }] },
    };
    await createContainer(engine, copier, body, COPY_LIMIT_MS);
  } finally {
    // What cannot be removed now carries its owner's label: the reaper takes it.
    await removeContainer(engine, copier).catch(() => {});
    await removeImageTag(engine, tag).catch(() => {});
  }
  return await hasMark(engine, request);
}

/** Leaves an empty file of the link in the content: who follows links in there must not go round in circles. */
export async function coverMark(engine: Engine, { filler, path }: CopyRequest): Promise<void> {
  await putMark(engine, filler, path, { kind: "empty-file" });
}

async function putMark(engine: Engine, container: string, path: string, entry: ArchiveEntry): Promise<void> {
  const archive = Readable.from([singleEntryArchive(MARK, entry)]);
  await engine.run({ method: "PUT", path: enginePath`/containers/${container}/archive`, query: { path }, archive });
}

async function hasMark(engine: Engine, { filler, path }: CopyRequest): Promise<boolean> {
  const query = { path: `${path}/${MARK}` };
  try {
    await engine.run({ method: "HEAD", path: enginePath`/containers/${filler}/archive`, query });
    return true;
  } catch (error) {
    if (hasStatus(error, 404)) return false;
    throw error;
  }
}

/** `POST /commit`. */
const Committed = v.object({ Id: v.string() });

/** Answers the id of the image, which has a tag: without one nobody could say later whose it is. */
async function commit(maker: ContentMaker, { source, imageId }: CopyRequest, tag: string): Promise<string> {
  const query = { container: source, repo: SOURCE_IMAGES, tag: tag.slice(SOURCE_IMAGES.length + 1), pause: false };
  const body = { Labels: helperLabels(maker, tag, imageId) };
  const request = { method: "POST", path: enginePath`/commit`, query, body, limitMs: COPY_LIMIT_MS } as const;
  return (await maker.engine.call(request, Committed)).Id;
}

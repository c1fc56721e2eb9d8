import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { description, license, version } from "../../package.json";
import type { Engine } from "../../src/docker/engine/engine.ts";
import { isProblem, messageOf, type Problem } from "../environment/problem.ts";
import { buildBinary } from "./build-binary.ts";
import { cLibrary } from "./c-library.ts";
import { imageArchive } from "./image-archive.ts";
import { imageLabels, imageLayers } from "./image-content.ts";
import { type LoadedImage, loadImage } from "./load-image.ts";
import { sourceState } from "./source-state.ts";
import type { Target } from "./targets.ts";

const ROOT = join(import.meta.dir, "../..");

export interface MakeImageRequest {
  readonly target: Target;
  readonly engine: Engine;
  /** `NAME:TAG` */
  readonly reference: string;
  /** A binary that is there already; without it one is built of the sources. */
  readonly binary?: string | undefined;
  readonly say: (line: string) => void;
}

/** Makes the image of a target and puts it on a daemon, under one name. Never rejects. */
export async function makeImage(request: MakeImageRequest): Promise<LoadedImage | Problem> {
  const { target, engine, reference, say } = request;
  const source = await sourceState();
  const library = await cLibrary(target, say);
  if (isProblem(library)) return library;
  const work = await mkdtemp(join(tmpdir(), "oz-agent-worker-image-"));
  try {
    const file = request.binary ?? join(work, "oz-agent-worker");
    const problem = request.binary === undefined ? await buildBinary(target, source.commit, file, say) : undefined;
    if (problem !== undefined) return problem;
    const archive = imageArchive({
      target,
      reference,
      layers: imageLayers(library, await readFile(file), await readFile(join(ROOT, "LICENSE"))),
      created: source.committed ?? "1970-01-01T00:00:00.000Z",
      labels: imageLabels({ version, description, license }, source),
    });
    return await loadImage(engine, archive, reference);
  } catch (thrown) {
    return { problem: `the image cannot be made: ${messageOf(thrown)}` };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

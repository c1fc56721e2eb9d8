import { Readable } from "node:stream";
import * as v from "valibot";
import type { Engine } from "../../src/docker/engine/engine.ts";
import { enginePath } from "../../src/docker/engine/engine-path.ts";

/** An image on a daemon. */
export interface LoadedImage {
  /** `sha256:...` */
  readonly id: string;
  /** Bytes of its files, not compressed. */
  readonly size: number;
}

const Image = v.object({ Id: v.string(), Size: v.number() });
const Failure = v.object({ error: v.string() });

const LOAD_LIMIT_MS = 300_000;

/**
 * Loads an archive that holds one image named `reference`, and removes the image that had the name before, unless it is
 * used. Rejects with what the daemon says.
 */
export async function loadImage(engine: Engine, archive: Uint8Array, reference: string): Promise<LoadedImage> {
  const inspect = () => engine.call({ method: "GET", path: enginePath`/images/${reference.split("/")}/json` }, Image);
  const before = await inspect().catch(() => undefined);
  const answer = await engine.open({
    method: "POST",
    path: enginePath`/images/load`,
    archive: Readable.from(chunksOf(archive)),
    limitMs: LOAD_LIMIT_MS,
  });
  // The status is sent before the work: a failure is a line of the answer.
  const lines: string[] = (await answer.toArray()).join("").split("\n");
  const failure = lines.map(failureIn).find((text) => text !== undefined);
  if (failure !== undefined) throw new Error(failure);
  const { Id: id, Size: size } = await inspect();
  if (before !== undefined && before.Id !== id) {
    await engine.run({ method: "DELETE", path: enginePath`/images/${before.Id}` }).catch(() => {});
  }
  return { id, size };
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 1_048_576) yield bytes.subarray(at, at + 1_048_576);
}

function failureIn(line: string): string | undefined {
  try {
    const parsed = v.safeParse(Failure, JSON.parse(line));
    return parsed.success ? parsed.output.error : undefined;
  } catch {
    return undefined;
  }
}

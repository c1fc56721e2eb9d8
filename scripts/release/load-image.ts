import { Readable } from "node:stream";
import type Docker from "dockerode";

/** An image on a daemon. */
export interface LoadedImage {
  /** `sha256:...` */
  readonly id: string;
  /** Bytes of its files, not compressed. */
  readonly size: number;
}

/**
 * Loads an archive that holds one image named `reference`, and removes the image that had the name before, unless it is
 * used. Rejects with what the daemon says.
 */
export async function loadImage(docker: Docker, archive: Uint8Array, reference: string): Promise<LoadedImage> {
  const before = await idOf(docker, reference);
  const answer = await docker.loadImage(Readable.from([archive]));
  // The status is sent before the work: a failure is a line of the answer.
  const lines = await new Response(Readable.toWeb(Readable.from(answer))).text();
  const failure = /"error"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(lines)?.[1];
  if (failure !== undefined) throw new Error(failure);
  const { Id: id, Size: size } = await docker.getImage(reference).inspect();
  if (before !== undefined && before !== id) {
    await docker
      .getImage(before)
      .remove()
      .catch(() => {});
  }
  return { id, size };
}

async function idOf(docker: Docker, reference: string): Promise<string | undefined> {
  return await docker
    .getImage(reference)
    .inspect()
    .then(
      ({ Id }) => Id,
      () => undefined,
    );
}

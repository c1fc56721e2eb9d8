import type { TaskSpec } from "../../task/task-spec.ts";
import type { PreparedSidecar } from "../sidecars/sidecar-content.ts";
import type { PreparedTask, PrepareOptions } from "./prepare-task.ts";

/**
 * What a task will most likely be made from: what the wanted names came to before, while the registries are asked what
 * they stand for now. `undefined` where something was not here, or must be made for this task alone. Rejects with an
 * `EngineError`.
 */
export async function guessTask(options: PrepareOptions, spec: TaskSpec): Promise<PreparedTask | undefined> {
  if (spec.sidecars.some((sidecar) => sidecar.readWrite)) return undefined;
  const [imageId, ...sidecars] = await Promise.all([
    options.images.expected(spec.image),
    ...spec.sidecars.map((sidecar) => guessSidecar(options, sidecar.image, sidecar.mountPath)),
  ]);
  const found = sidecars.filter((sidecar) => sidecar !== undefined);
  // Not every mount may be there twice; such a task is rare, and loses a few milliseconds.
  if (new Set(found.map(({ source }) => source)).size < found.length) return undefined;
  return imageId === undefined || found.length < sidecars.length ? undefined : { imageId, sidecars: found };
}

async function guessSidecar(
  options: PrepareOptions,
  image: string,
  mountPath: string,
): Promise<PreparedSidecar | undefined> {
  const imageId = await options.images.expected(image);
  return imageId === undefined ? undefined : await options.sidecarContent.existing(imageId, mountPath);
}

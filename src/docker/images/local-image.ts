import type { Engine } from "../engine/engine.ts";
import { hasStatus } from "../engine/engine-error.ts";
import { enginePath } from "../engine/engine-path.ts";
import { ImageDetails } from "../engine/engine-schemas.ts";
import type { ImageReference } from "../registry/image-reference.ts";

/** Platform of the daemon; images must have it. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** `linux/amd64`. */
export function platformName({ os, architecture }: Platform): string {
  return `${os}/${architecture}`;
}

/** What the daemon has under a name. */
export type LocalImage =
  /** `digests` are those of the manifests that the image was pulled by. */
  | { readonly kind: "here"; readonly imageId: string; readonly digests: readonly string[] }
  /** It is built for another platform, and serves this daemon as little as none. */
  | { readonly kind: "foreign"; readonly platform: Platform }
  | { readonly kind: "absent" };

/** Looks the image up that has the name now. Rejects with an `EngineError`. */
export async function findLocalImage(engine: Engine, reference: ImageReference, wanted: Platform): Promise<LocalImage> {
  try {
    const image = await engine.call(
      { method: "GET", path: enginePath`/images/${localName(reference).split("/")}/json` },
      ImageDetails,
    );
    if (image.Os !== wanted.os || image.Architecture !== wanted.architecture) {
      return { kind: "foreign", platform: { os: image.Os, architecture: image.Architecture } };
    }
    const digests = image.RepoDigests.map((name) => name.slice(name.indexOf("@") + 1));
    return { kind: "here", imageId: image.Id, digests };
  } catch (error) {
    if (hasStatus(error, 404)) return { kind: "absent" };
    throw error;
  }
}

/** The name by which the daemon knows what a pull of the reference has brought. */
export function localName({ pullName, pullTag }: ImageReference): string {
  return `${pullName}${pullTag.includes(":") ? "@" : ":"}${pullTag}`;
}

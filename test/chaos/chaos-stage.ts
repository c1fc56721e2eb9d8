import { agentImage, type ImageEnvironment, sidecarImage } from "../support/images.ts";
import { PrivateDockerd } from "../support/private-dockerd.ts";
import type { ChaosStage } from "./run-seed.ts";

/** A daemon of its own with nothing on it, and images in the registry. */
export async function startStage(environment: ImageEnvironment): Promise<ChaosStage & AsyncDisposable> {
  const [image, sidecar] = await Promise.all([agentImage(environment), sidecarImage(environment)]);
  const dockerd = await PrivateDockerd.start({ mark: environment.run });
  return {
    dockerd,
    image: image.reference,
    sidecar: sidecar.reference,
    missingImage: `${environment.registry}/${environment.run}-missing:latest`,
    [Symbol.asyncDispose]: () => dockerd.stop(),
  };
}

import type Docker from "dockerode";
import { LABELS } from "../../src/docker/records/labels.ts";
import type { PushedImage } from "./push-image.ts";

/** What is on a daemon for the content of one sidecar image. */
export interface SidecarObjects {
  /** Names of the containers that publish content. */
  readonly published: readonly string[];
  /** Names of the containers, and ids of the images, that help to copy it. */
  readonly helpers: readonly string[];
  readonly volumes: readonly string[];
}

/** Looks up everything that carries the image's id. */
export async function sidecarObjects(docker: Docker, image: PushedImage): Promise<SidecarObjects> {
  const containers = await docker.listContainers({ all: true });
  const ours = containers.filter(
    ({ ImageID, Labels }) =>
      (ImageID === image.id || Labels[LABELS.imageId] === image.id) && Labels[LABELS.kind] !== "task",
  );
  const names = ours.map(({ Names }) => Names[0]?.slice(1) ?? "");
  const isPublished = (name: string) => name.startsWith(`oz-agent-worker.sidecar.${image.id.replace(":", "-")}.`);
  const filters = { label: [`${LABELS.imageId}=${image.id}`] };
  const { Volumes } = await docker.listVolumes({ filters });
  const images = await docker.listImages({ filters: JSON.stringify(filters) });
  return {
    published: names.filter(isPublished),
    helpers: [...names.filter((name) => !isPublished(name)), ...images.map(({ Id }) => Id)],
    volumes: Volumes.map(({ Name }) => Name),
  };
}

/** Waits until one published volume, and nothing else, is left of the image. Answers what there was in the end. */
export async function settledSidecar(docker: Docker, image: PushedImage, timeoutMs = 10_000): Promise<SidecarObjects> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const objects = await sidecarObjects(docker, image);
    const { published, helpers, volumes } = objects;
    const isSettled = published.length === 1 && helpers.length === 0 && volumes.length === 1;
    if (isSettled || performance.now() > end) return objects;
    await Bun.sleep(100);
  }
}

/** Removes an image's content as an operator may do by hand: the next task finds it cold. */
export async function removeSidecar(docker: Docker, image: PushedImage): Promise<void> {
  const { published, helpers, volumes } = await sidecarObjects(docker, image);
  const images = helpers.filter((helper) => helper.startsWith("sha256:"));
  const containers = helpers.filter((helper) => !images.includes(helper));
  for (const name of [...published, ...containers]) await docker.getContainer(name).remove({ force: true });
  for (const id of images) await docker.getImage(id).remove({ noprune: true });
  for (const name of volumes) await docker.getVolume(name).remove();
}

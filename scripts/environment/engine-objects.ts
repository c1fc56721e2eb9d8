import type Docker from "dockerode";
import { LABELS } from "../../src/docker/records/labels.ts";
import { messageOf } from "./problem.ts";

/** Something on a Docker daemon that has a name. */
export interface EngineObject {
  readonly kind: "container" | "volume" | "network" | "image";
  /** What people know it by. */
  readonly name: string;
  /** Its names, labels and origin, to be searched for a run. */
  readonly text: string;
  /** True for what the worker keeps on purpose after its end: published sidecars, and pulled images. */
  readonly kept: boolean;
  remove(): Promise<void>;
}

/** Everything on the daemon, in the order in which it can be removed. */
export async function listObjects(docker: Docker): Promise<readonly EngineObject[]> {
  const [containers, volumes, networks, images] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listVolumes(),
    docker.listNetworks(),
    docker.listImages({ digests: true }),
  ]);
  const published = containers.filter(({ Labels }) => Labels[LABELS.kind] === "sidecar");
  const publishedVolumes = new Set(published.map(({ Labels }) => Labels[LABELS.volume]));
  return [
    ...containers.map(
      ({ Id, Names, Labels, Image }): EngineObject => ({
        kind: "container",
        name: Names[0]?.replace(/^\//, "") ?? Id,
        text: JSON.stringify({ Names, Labels, Image }),
        kept: Labels[LABELS.kind] === "sidecar",
        remove: () => docker.getContainer(Id).remove({ force: true, v: true }),
      }),
    ),
    ...(volumes.Volumes ?? []).map(
      ({ Name, Labels }): EngineObject => ({
        kind: "volume",
        name: Name,
        text: JSON.stringify({ Name, Labels }),
        kept: publishedVolumes.has(Name),
        remove: () => docker.getVolume(Name).remove(),
      }),
    ),
    ...networks.map(
      ({ Id, Name, Labels }): EngineObject => ({
        kind: "network",
        name: Name,
        text: JSON.stringify({ Name, Labels }),
        kept: false,
        remove: () => docker.getNetwork(Id).remove(),
      }),
    ),
    ...images.map(
      ({ Id, RepoTags, RepoDigests, Labels }): EngineObject => ({
        kind: "image",
        name: RepoTags?.[0] ?? Id,
        text: JSON.stringify({ RepoTags, RepoDigests, Labels }),
        kept: true,
        remove: () => docker.getImage(Id).remove({ force: true }),
      }),
    ),
  ];
}

/** The objects that name `run`, in their names, labels or images. */
export async function objectsOf(docker: Docker, run: string): Promise<readonly EngineObject[]> {
  return (await listObjects(docker)).filter(({ text }) => text.includes(run));
}

/** Removes everything of a run; answers what could not be removed, one plain line each. */
export async function removeObjects(docker: Docker, run: string): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const object of await objectsOf(docker, run)) {
    try {
      await object.remove();
    } catch (thrown) {
      // Something else may have removed it in between.
      if (!/no such|not found/i.test(messageOf(thrown))) {
        failures.push(`${object.kind} ${object.name}: ${messageOf(thrown)}`);
      }
    }
  }
  return failures;
}

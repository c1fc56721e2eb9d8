import { createHash } from "node:crypto";
import { makeTar, type TarEntry } from "../../test/support/tar.ts";
import type { Target } from "./targets.ts";

export interface ImageRequest {
  readonly target: Target;
  /** `NAME:TAG`. */
  readonly reference: string;
  /** From the lowest up; every folder of a path is listed before it. */
  readonly layers: readonly (readonly TarEntry[])[];
  /** When the image says that it was made, in ISO 8601. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The user that the worker runs as where nobody says otherwise. Root opens the host's Docker socket and reads a login of
 * any owner, so that a plain `docker run` needs no figures of the host. Whoever may open that socket is root there anyway.
 */
export const IMAGE_USER = "0:0";
/** Where the worker looks for `.docker/config.json`, whatever user it runs as. */
export const IMAGE_HOME = "/root";

const SECOND = 1_000_000_000;

/**
 * An image as `docker load` takes it: the archive of `docker save`
 * (https://github.com/moby/docker-image-spec, "Combined Image JSON + Filesystem Changeset Format"), which every engine
 * reads. Equal requests make equal bytes, and so the same image id.
 */
export function imageArchive(request: ImageRequest): Uint8Array<ArrayBuffer> {
  const layers = request.layers.map((entries) => {
    const tar = makeTar(entries);
    const digest = sha256(tar);
    return { tar, digest, path: `${digest}/layer.tar` };
  });
  const config = JSON.stringify(
    imageConfig(
      request,
      layers.map(({ digest }) => digest),
    ),
  );
  const configPath = `${sha256(new TextEncoder().encode(config))}.json`;
  const manifest = [{ Config: configPath, RepoTags: [request.reference], Layers: layers.map(({ path }) => path) }];
  return makeTar([
    { path: configPath, content: config },
    ...layers.flatMap(({ tar, digest, path }): TarEntry[] => [
      { path: digest, folder: true },
      { path, content: tar },
    ]),
    { path: "manifest.json", content: JSON.stringify(manifest) },
  ]);
}

function imageConfig({ target, created, labels }: ImageRequest, digests: readonly string[]): object {
  return {
    architecture: target.architecture,
    os: "linux",
    created,
    config: {
      User: IMAGE_USER,
      // A login that is mounted comes with the context that its owner chose on the host: it leads nowhere from here. The
      // socket that is mounted is meant, unless DOCKER_HOST or another DOCKER_CONTEXT is given.
      Env: [`HOME=${IMAGE_HOME}`, "DOCKER_CONTEXT=default"],
      Entrypoint: ["/oz-agent-worker"],
      WorkingDir: "/",
      StopSignal: "SIGTERM",
      Labels: labels,
      Healthcheck: {
        Test: ["CMD", "/oz-agent-worker", "health"],
        Interval: 30 * SECOND,
        Timeout: 10 * SECOND,
        StartPeriod: 20 * SECOND,
        Retries: 3,
      },
    },
    rootfs: { type: "layers", diff_ids: digests.map((digest) => `sha256:${digest}`) },
    history: digests.map(() => ({ created, created_by: "scripts/image" })),
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

import { describeError, EngineError, hasStatus, isEngineAway } from "../engine/engine-error.ts";
import type { EngineLives } from "../engine/engine-lives.ts";
import { createContainer, NO_COMMAND, removeContainer } from "../engine/engine-objects.ts";
import type { EngineWatch } from "../engine/engine-watch.ts";
import { randomToken, sidecarNames } from "../records/object-names.ts";
import { type ContentMaker, helperLabels } from "./content-maker.ts";
import type { PreparedSidecar, SidecarContent } from "./sidecar-content.ts";

/** The first API version with mounts of type `image` (Docker 28). */
export const IMAGE_MOUNTS_SINCE = "1.48";

export interface ImageContentOptions {
  readonly maker: ContentMaker;
  readonly watch: Pick<EngineWatch, "onBack">;
  /** Whether the API version that is spoken now has such mounts. */
  readonly mayMount: () => boolean;
  /** Must be to hand for what does not outlive the engine. */
  readonly lives: EngineLives;
  readonly copies: SidecarContent;
}

/**
 * Sidecars as mounts of their images: nothing is copied. What must be written to, and an engine that refuses such mounts,
 * is left to `copies`; whether it does is asked once, with the first sidecar, and again of a daemon that was away.
 */
export function createImageContent(options: ImageContentOptions): SidecarContent {
  const { copies, watch, mayMount } = options;
  let answer: Promise<boolean> | undefined;
  watch.onBack(() => {
    answer = undefined;
  });

  async function isAble(imageId: string): Promise<boolean> {
    if (!mayMount()) return false;
    const asked = answer ?? tryMount(options, imageId);
    answer = asked;
    try {
      return await asked;
    } catch (error) {
      if (answer === asked) answer = undefined;
      throw error;
    }
  }

  function mounted(imageId: string, mountPath: string): PreparedSidecar {
    return {
      source: `image ${imageId}`,
      mount: { Type: "image", Source: imageId, Target: mountPath, ReadOnly: true },
      outlivesEngine: false,
      stillValid: () => Promise.resolve(true),
    };
  }

  return {
    async existing(imageId, mountPath) {
      if (!(await isAble(imageId))) return await copies.existing(imageId, mountPath);
      return mounted(imageId, mountPath);
    },
    async prepare(use, signal) {
      if (use.readWrite || !(await isAble(use.imageId))) return await copies.prepare(use, signal);
      return { ...mounted(use.imageId, use.mountPath), ifRepeated: (own) => copies.prepare(use, own) };
    },
  };
}

/** Creates, and never starts, a container with such a mount. */
async function tryMount({ maker, lives }: ImageContentOptions, imageId: string): Promise<boolean> {
  const { engine, log } = maker;
  const name = sidecarNames.source(randomToken());
  try {
    await lives.present();
    await createContainer(engine, name, {
      Image: imageId,
      Cmd: NO_COMMAND,
      Labels: helperLabels(maker, name, imageId),
      HostConfig: { Mounts: [{ Type: "image", Source: imageId, Target: "/.oz-agent-worker" }] },
    });
    return true;
  } catch (error) {
    // An image that is gone says nothing about mounts.
    const isImageGone = hasStatus(error, 404) && /no such image/i.test(describeError(error));
    if (!(error instanceof EngineError) || isEngineAway(error) || isImageGone) throw error;
    log.info("the Docker daemon cannot mount images: sidecars are copied into volumes", {
      reason: describeError(error),
    });
    return false;
  } finally {
    await removeContainer(engine, name).catch(() => {});
  }
}

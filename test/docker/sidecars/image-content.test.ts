import { describe, expect, test } from "bun:test";
import { isAtLeast } from "../../../src/docker/endpoint/api-version.ts";
import { createEngine, type Engine, type EngineRequest } from "../../../src/docker/engine/engine.ts";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { enginePath } from "../../../src/docker/engine/engine-path.ts";
import { createSeals } from "../../../src/docker/records/seals.ts";
import type { ContentMaker } from "../../../src/docker/sidecars/content-maker.ts";
import { createImageContent, IMAGE_MOUNTS_SINCE } from "../../../src/docker/sidecars/image-content.ts";
import type { PreparedSidecar, SidecarContent, SidecarUse } from "../../../src/docker/sidecars/sidecar-content.ts";
import { testEnvironment } from "../../support/environment.ts";
import { sidecarImage } from "../../support/images.ts";
import { recordedLog } from "../../support/recorded-log.ts";

const COPY: PreparedSidecar = {
  mount: { Type: "volume" },
  source: "a copy",
  outlivesEngine: true,
  stillValid: async () => true,
};
const copies: SidecarContent = { existing: async () => COPY, prepare: async () => COPY };
const lives = { present: async () => ({ lasts: () => true }), close() {} };
const never = new AbortController().signal;
const around = { watch: { onBack() {} }, mayMount: () => true };

function use(imageId: string, readWrite = false): SidecarUse {
  return { imageId, image: "i", mountPath: "/m", readWrite, privateVolume: () => "v", privateLabels: {} };
}

function maker(engine: Engine, log = recordedLog()): ContentMaker {
  return { engine, seals: createSeals("key"), owner: "o", now: Date.now, log };
}

/** An engine of a newer kind than any test can have here, as far as the one call goes; `refusal` is its answer to it. */
function newerEngine(refusal?: EngineError) {
  const creates: EngineRequest[] = [];
  const removed: string[] = [];
  const engine: Pick<Engine, "run"> & Pick<Engine, "open"> & { call(request: EngineRequest): Promise<unknown> } = {
    async call(request) {
      creates.push(request);
      if (refusal) throw refusal;
      return { Id: "id" };
    },
    async run(request) {
      removed.push(request.path);
    },
    open: () => Promise.reject(new Error("not asked for")),
  };
  return { engine: engine as Engine, creates, removed };
}

test.each([
  ["1.41", false],
  ["1.47", false],
  ["1.48", true],
  ["1.51", true],
  ["2.0", true],
] as const)("API %s may know image mounts: %s", (version, expected) => {
  expect(isAtLeast(version, IMAGE_MOUNTS_SINCE)).toBe(expected);
});

describe("on an engine that mounts images", () => {
  test("content is the image itself, and is there as soon as the image is", async () => {
    const { engine } = newerEngine();
    const content = createImageContent({ ...around, maker: maker(engine), lives, copies });
    const prepared = await content.prepare(use("sha256:1"), never);
    expect(prepared.mount).toEqual({ Type: "image", Source: "sha256:1", Target: "/m", ReadOnly: true });
    expect(prepared.outlivesEngine).toBe(false);
    expect((await content.existing("sha256:1", "/m"))?.source).toBe(prepared.source);
    expect((await content.existing("sha256:2", "/m"))?.source).not.toBe(prepared.source);
  });

  test("what is written to, and a second mount of one image in a container, is a copy", async () => {
    const { engine } = newerEngine();
    const content = createImageContent({ ...around, maker: maker(engine), lives, copies });
    expect(await content.prepare(use("sha256:1", true), never)).toBe(COPY);
    const first = await content.prepare(use("sha256:1"), never);
    expect(await first.ifRepeated?.(never)).toBe(COPY);
  });

  test("it is asked once, by a container that is never started and goes again", async () => {
    const { engine, creates, removed } = newerEngine();
    const content = createImageContent({ ...around, maker: maker(engine), lives, copies });
    await Promise.all([content.prepare(use("sha256:1"), never), content.prepare(use("sha256:2"), never)]);
    expect(creates).toHaveLength(1);
    expect(removed).toEqual([enginePath`/containers/${String(creates[0]?.query?.name)}`]);
  });

  test("it is asked again when it was away, and not at all in a version of the API without such mounts", async () => {
    const { engine, creates } = newerEngine();
    const forgets: (() => void)[] = [];
    const back = () => {
      for (const forget of forgets) forget();
    };
    let mayMount = true;
    const watch = { onBack: (action: () => void) => void forgets.push(action) };
    const content = createImageContent({ maker: maker(engine), watch, mayMount: () => mayMount, lives, copies });
    await content.prepare(use("sha256:1"), never);
    back();
    await content.prepare(use("sha256:1"), never);
    expect(creates).toHaveLength(2);
    mayMount = false;
    back();
    expect(await content.prepare(use("sha256:1"), never)).toBe(COPY);
    expect(await content.existing("sha256:1", "/m")).toBe(COPY);
    expect(creates).toHaveLength(2);
    mayMount = true;
    expect((await content.prepare(use("sha256:1"), never)).source).toBe("image sha256:1");
  });

  test.each([
    ["away", new EngineError("unreachable", "connect ECONNREFUSED")],
    ["without that image by now", new EngineError("status", "No such image: sha256:1", 404)],
  ])("one that is %s is asked again", async (_, refusal) => {
    const { engine, creates } = newerEngine(refusal);
    const content = createImageContent({ ...around, maker: maker(engine), lives, copies });
    await expect(content.existing("sha256:1", "/m")).rejects.toThrow(refusal.message);
    await expect(content.prepare(use("sha256:1"), never)).rejects.toThrow(refusal.message);
    expect(creates).toHaveLength(2);
  });
});

describe("where images cannot be mounted they are copied, and the log says why", () => {
  test("the engine is too old", async () => {
    const environment = testEnvironment();
    const { id, reference } = await sidecarImage(environment, { name: "unmountable" });
    const { docker } = environment;
    await new Promise((resolve, reject) => {
      docker.pull(reference, (error: unknown, stream: NodeJS.ReadableStream | undefined) => {
        if (stream === undefined) reject(error);
        else docker.modem.followProgress(stream, resolve);
      });
    });
    // This version of the API knows no such mounts, whatever the engine is.
    const engine = createEngine(withVersion(docker.modem, "v1.41"));
    const log = recordedLog();
    const content = createImageContent({ ...around, maker: maker(engine, log), lives, copies });
    expect(await content.prepare(use(id), never)).toBe(COPY);
    expect(await content.existing(id, "/m")).toBe(COPY);
    expect(log.messages("info")).toEqual(["the Docker daemon cannot mount images: sidecars are copied into volumes"]);
    expect(log.text()).toContain("image");
  });

  test("a proxy before the engine forbids its events, by which a restart is noticed", async () => {
    const { engine, creates } = newerEngine();
    const forbidden = { ...lives, present: () => Promise.reject(new EngineError("status", "forbidden", 403)) };
    const log = recordedLog();
    const content = createImageContent({ ...around, maker: maker(engine, log), lives: forbidden, copies });
    expect(await content.prepare(use("sha256:1"), never)).toBe(COPY);
    expect(creates).toHaveLength(0);
    expect(log.text()).toContain("forbidden");
  });
});

function withVersion(modem: Parameters<typeof createEngine>[0], version: string): Parameters<typeof createEngine>[0] {
  return {
    dial(options, callback) {
      const path = Reflect.get(options, "path");
      modem.dial({ ...options, path: `/${version}${path}` }, callback);
    },
  };
}

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Engine, EngineRequest } from "../../../src/docker/engine/engine.ts";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { createVolume, removeContainer, removeVolume } from "../../../src/docker/engine/engine-objects.ts";
import { LABELS } from "../../../src/docker/records/labels.ts";
import { fillVolume } from "../../../src/docker/sidecars/fill-volume.ts";
import { type Change, changedEngine, isEngineCopy } from "../../support/changed-engine.ts";
import { testEnvironment } from "../../support/environment.ts";
import { agentImage } from "../../support/images.ts";
import type { PushedImage } from "../../support/push-image.ts";
import { RecordsScene } from "../records/records-scene.ts";

/** The content of a busybox image with what is easily lost on the way, copied by the real engine. */

const never = new AbortController().signal;
const environment = testEnvironment();
let scene: RecordsScene;
let image: PushedImage;
let volume: string;
let made = 0;
beforeAll(async () => {
  scene = new RecordsScene();
  image = await agentImage(environment, "filled", {
    volumes: ["/declared"],
    layers: [
      [
        { path: "set-uid", content: "s", mode: 0o4755 },
        { path: "sticky", folder: true, mode: 0o1777 },
        { path: "empty", folder: true, mode: 0o700 },
        { path: "sticky/upwards", linkTo: ".." },
        { path: "nowhere", linkTo: "/not/there" },
        { path: "declared", folder: true },
        { path: "declared/inside", content: "below a volume" },
        { path: "large", content: crypto.getRandomValues(new Uint8Array(60_000)) },
      ],
    ],
  });
  await scene.pull(image);
});
afterAll(() => scene[Symbol.asyncDispose]());
beforeEach(async () => {
  made += 1;
  volume = environment.name(`filled-${made}-${crypto.randomUUID().slice(0, 8)}`);
  await createVolume(scene.engine, volume, { [LABELS.workerId]: scene.workerId });
  return () => removeVolume(scene.engine, volume);
});

const changed = (change: Change) => changedEngine(scene.engine, change);

function fill(engine: Engine, signal = never): Promise<string> {
  const fillerLabels = () => ({ [LABELS.workerId]: scene.workerId });
  const maker = { ...scene.makerOf(scene.living, engine), owner: scene.workerId };
  return fillVolume(maker, { imageId: image.id, volume, fillerLabels }, signal);
}

/** Every path in the volume, with its kind, rights, owner, size, target and sum. */
async function listing(): Promise<readonly string[]> {
  const script = `cd /v && find . | sort | while read -r f; do
    stat -c '%n %F %a %u:%g' "$f"; if [ -L "$f" ]; then readlink "$f"; elif [ -f "$f" ]; then sha256sum < "$f"; fi; done`;
  const container = await scene.docker.createContainer({
    Image: (await scene.image()).reference,
    Cmd: ["sh", "-c", script],
    Labels: { [LABELS.workerId]: scene.workerId },
    Tty: true,
    HostConfig: { Binds: [`${volume}:/v:ro`] },
  });
  await container.start();
  await container.wait();
  const output = await container.logs({ stdout: true });
  await container.remove();
  return output.toString().trim().split("\r\n");
}

/** Containers and images that serve copies of this scene. */
async function helpers(): Promise<number> {
  const filters = JSON.stringify({ label: [`${LABELS.owner}=${scene.workerId}`] });
  const [containers, images] = await Promise.all([
    scene.docker.listContainers({ all: true, filters }),
    scene.docker.listImages({ filters }),
  ]);
  return containers.length + images.length;
}

const refuseCommit = (request: EngineRequest) =>
  request.path === "/commit" ? Promise.reject(new EngineError("status", "not here", 501)) : undefined;

test("the engine copies by itself what an archive would bring, and nothing that served the copy stays", async () => {
  const { engine, requests } = changed(() => undefined);
  const filler = await fill(engine);
  expect(requests.some((request) => request.endsWith("/export"))).toBe(false);
  expect(await helpers()).toBe(0);
  const copied = await listing();
  await removeContainer(scene.engine, filler);
  for (const line of ["./set-uid regular file 4755 0:0", "./declared/inside regular file 644 0:0", "/not/there"]) {
    expect(copied).toContain(line);
  }
  expect(copied).toContain("./.oz-agent-worker-copy regular empty file 644 0:0");

  await removeVolume(scene.engine, volume);
  await createVolume(scene.engine, volume, { [LABELS.workerId]: scene.workerId });
  const archived = changed(refuseCommit);
  await removeContainer(scene.engine, await fill(archived.engine));
  expect(archived.requests).toContain("GET /containers/ID/export");
  expect(copied).toEqual(await listing());
});

describe("an archive serves where the engine", () => {
  test.each<[string, Change]>([
    ["refuses a step", refuseCommit],
    ["copies nothing", (request) => (isEngineCopy(request) ? withoutCopy(request) : undefined)],
    [
      "fails half-way",
      (request) => (isEngineCopy(request) ? Promise.reject(new EngineError("status", "copy failed", 500)) : undefined),
    ],
  ])("%s", async (_, change) => {
    const { engine, requests } = changed(change);
    await removeContainer(scene.engine, await fill(engine));
    expect(requests).toContain("GET /containers/ID/export");
    expect(await listing()).toContain("./.oz-agent-worker-copy regular empty file 644 0:0");
    expect(await listing()).toContain("./declared/inside regular file 644 0:0");
    expect(await helpers()).toBe(0);
  });
});

test("a full disk is not tried in another way", async () => {
  const full = new EngineError("status", "write /x: no space left on device", 500);
  const { engine, requests } = changed((request) => (isEngineCopy(request) ? Promise.reject(full) : undefined));
  await expect(fill(engine)).rejects.toThrow("no space left");
  expect(requests).not.toContain("GET /containers/ID/export");
  expect(await helpers()).toBe(0);
});

test("one that is cancelled before the engine copies leaves nothing", async () => {
  const abort = new AbortController();
  const { engine, requests } = changed((request) => {
    if (request.path === "/commit") abort.abort();
    return undefined;
  });
  await expect(fill(engine, abort.signal)).rejects.toThrow("cancelled");
  expect(requests.filter((request) => request === "POST /containers/create")).toHaveLength(2);
  expect(await helpers()).toBe(0);
});

/** An engine that does not copy what an image has below a volume. */
function withoutCopy(request: EngineRequest): EngineRequest {
  const text = JSON.stringify(request.body).replaceAll(
    '"Type":"volume"',
    '"Type":"volume","VolumeOptions":{"NoCopy":true}',
  );
  return { ...request, body: JSON.parse(text) };
}

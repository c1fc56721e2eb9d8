import { describe, expect, test } from "bun:test";
import {
  inspectContainer,
  inspectVolume,
  removeContainer,
  removeVolume,
} from "../../../src/docker/engine/engine-objects.ts";
import { executionLabels, LABELS } from "../../../src/docker/records/labels.ts";
import { randomToken, sidecarNames } from "../../../src/docker/records/object-names.ts";
import { createSeals } from "../../../src/docker/records/seals.ts";
import type { SidecarUse } from "../../../src/docker/sidecars/sidecar-content.ts";
import { createVolumeContent } from "../../../src/docker/sidecars/volume-content.ts";
import { type Change, changedEngine, isEngineCopy } from "../../support/changed-engine.ts";
import { until } from "../../support/until.ts";
import { RecordsScene } from "../records/records-scene.ts";

const EXECUTION = { taskId: "t", executionId: "1" };
const never = new AbortController().signal;

/** Private copies of the agents' image. */
async function privateCopies(scene: RecordsScene, change: Change = () => undefined) {
  const image = await scene.image();
  const { engine } = changedEngine(scene.engine, change);
  const content = createVolumeContent(scene.makerOf(scene.living, engine));
  const attempt = randomToken();
  const use: SidecarUse = {
    imageId: image.id,
    image: image.reference,
    mountPath: "/m",
    readWrite: true,
    privateVolume: () => sidecarNames.privateCopy(attempt, 0, randomToken()),
    privateLabels: executionLabels("private", scene.recordsOf(scene.living), EXECUTION, attempt),
  };
  return { content, use };
}

test("each try at a private copy has a volume of its own: the engine passes over one that is begun", async () => {
  await using scene = new RecordsScene();
  const { content, use } = await privateCopies(scene);
  const copies = [await content.prepare(use, never), await content.prepare(use, never)];
  const volumes = copies.map(({ source }) => source);
  expect(new Set(volumes).size).toBe(2);
  expect(await scene.volumes()).toEqual(volumes.sort());
  expect(await Promise.all(copies.map((copy) => copy.stillValid()))).toEqual([true, true]);
  await removeVolume(scene.engine, volumes[0] ?? "");
  expect(await Promise.all(copies.map((copy) => copy.stillValid()))).toContain(false);
});

test("who waits for a private copy leaves at once when cancelled, and the copy goes when the engine has ended it", async () => {
  await using scene = new RecordsScene();
  const copying = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const { content, use } = await privateCopies(scene, async (request) => {
    if (!isEngineCopy(request)) return undefined;
    copying.resolve();
    await goOn.promise;
    return undefined;
  });
  const abort = new AbortController();
  const prepared = content.prepare(use, abort.signal);
  await copying.promise;
  const [volume = ""] = await scene.volumes();
  abort.abort(new Error("cancelled"));
  await expect(prepared).rejects.toThrow("cancelled");
  expect(await inspectVolume(scene.engine, volume)).toBeDefined();
  goOn.resolve();
  await until("the end of the copy", async () => (await scene.volumes()).length === 0);
});

describe("published content", () => {
  /** The content of an image that no other test publishes, as a worker of this scene's key sees it. */
  async function shared(scene: RecordsScene, now: () => number = Date.now) {
    const image = await scene.image();
    const content = createVolumeContent({ ...scene.makerOf(scene.living), now });
    const { use } = await privateCopies(scene);
    const prepared = await content.prepare({ ...use, readWrite: false, imageId: image.id }, never);
    const name = sidecarNames.published(scene.seals, image.id);
    return { content, prepared, volume: prepared.source, name, imageId: image.id };
  }

  async function clear(scene: RecordsScene, name: string, ...volumes: readonly string[]): Promise<void> {
    for (const volume of volumes) await removeContainer(scene.engine, sidecarNames.filler(scene.seals, volume));
    await removeContainer(scene.engine, name);
    for (const volume of volumes) await removeVolume(scene.engine, volume);
  }

  test("is found by others of the same key, and by no others", async () => {
    await using scene = new RecordsScene();
    const { volume, name, imageId } = await shared(scene);
    const found = (seals = scene.seals) =>
      createVolumeContent({ ...scene.makerOf(scene.other), seals }).existing(imageId, "/m");
    expect((await found())?.source).toBe(volume);
    expect(await found(createSeals("another key"))).toBeUndefined();
    await clear(scene, name, volume);
    expect(await found()).toBeUndefined();
  });

  test("whose volume was taken away, and made anew with the same labels, is not what was prepared", async () => {
    await using scene = new RecordsScene();
    const { prepared, volume, name } = await shared(scene);
    expect(await prepared.stillValid()).toBe(true);
    const { Labels } = await scene.docker.getVolume(volume).inspect();
    await clear(scene, name, volume);
    await Bun.sleep(1_100);
    await scene.docker.createVolume({ Name: volume, Labels });
    expect(await prepared.stillValid()).toBe(false);
    await removeVolume(scene.engine, volume);
  });

  test("that is the copy of what is gone is not used: the content is made for this process alone", async () => {
    await using scene = new RecordsScene();
    // As long after its labels were written as a copy of it would be.
    const copied = await shared(scene, () => Date.now() - 60_000);
    const own = await shared(scene);
    expect(own.volume).not.toBe(copied.volume);
    expect(await own.prepared.stillValid()).toBe(true);
    expect(scene.log.messages("warn").join()).toContain("is not this worker's");
    expect((await own.content.existing(own.imageId, "/m"))?.source).toBe(own.volume);
    expect((await inspectContainer(scene.engine, own.name))?.Config.Labels[LABELS.volume]).toBe(copied.volume);
    await clear(scene, own.name, copied.volume, own.volume);
  });

  test("whose volume is gone by hand is made anew by the next worker", async () => {
    await using scene = new RecordsScene();
    const { volume, name } = await shared(scene);
    await removeContainer(scene.engine, name);
    const { Config, Image } = await (await scene.container("t", randomToken(), scene.living)).inspect();
    const Labels = scene.seals.seal(name, {
      ...Config.Labels,
      [LABELS.kind]: "sidecar",
      [LABELS.imageId]: Image,
      [LABELS.volume]: volume,
    });
    await removeVolume(scene.engine, volume);
    await scene.docker.createContainer({ name, Image, Cmd: ["-"], Labels });
    const next = await shared(scene);
    expect(next.volume).not.toBe(volume);
    expect((await inspectContainer(scene.engine, name))?.Config.Labels[LABELS.volume]).toBe(next.volume);
    await clear(scene, name, next.volume);
  });
});

import { expect, test } from "bun:test";
import { inspectVolume, removeVolume } from "../../../src/docker/engine/engine-objects.ts";
import { executionLabels } from "../../../src/docker/records/labels.ts";
import { randomToken, sidecarNames } from "../../../src/docker/records/object-names.ts";
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

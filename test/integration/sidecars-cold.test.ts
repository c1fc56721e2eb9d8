import { beforeAll, expect, test } from "bun:test";
import { copiedSidecars } from "../support/copied-sidecars.ts";
import { CreationWatch } from "../support/daemon-events.ts";
import { testEnvironment } from "../support/environment.ts";
import { bigSidecarImage } from "../support/images.ts";
import type { PushedImage } from "../support/push-image.ts";
import { removeSidecar, settledSidecar, sidecarObjects } from "../support/sidecar-objects.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

const { docker, dockerHost } = testEnvironment();
/** Ends with 0 only where every file of the sidecar is there and whole. */
const CHECK = "cd /agent && sha256sum -c -s SHA256SUMS";
let big: PushedImage;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  env = await copiedSidecars(docker);
  big = await bigSidecarImage(testEnvironment(), { name: "cold", megabytes: 150, fileCount: 150 });
}, 60_000);

const settled = { published: [expect.any(String)], helpers: [], volumes: [expect.any(String)] };

test("six tasks at once on a cold sidecar of 150 MB see every file whole; it is copied once", async () => {
  await using fixture = await WorkerFixture.start("six", { env });
  using creations = await CreationWatch.start(dockerHost);
  const tasks = Array.from({ length: 6 }, () => fixture.task(CHECK, { sidecar_image: big.reference }));
  for (const task of tasks) await fixture.oz.assign(task);
  for (const { task_id } of tasks) {
    expect((await fixture.oz.waitForResult(task_id, 55_000)).data).toMatchObject({ message: expect.any(String) });
    expect(fixture.oz.typesOf(task_id)).toEqual(["task_claimed", "task_completed"]);
  }
  const copies = creations.seen.filter(
    ({ name, labels }) => name.includes("sidecar-source") && labels.image === big.id,
  );
  expect(copies).toHaveLength(1);
  expect(await settledSidecar(docker, big)).toEqual(settled);
}, 90_000);

test("so do the first tasks of two workers at once on one daemon", async () => {
  await removeSidecar(docker, big);
  await using one = await WorkerFixture.start("one", { env });
  await using two = await WorkerFixture.start("two", { env });
  const runs = [one, two, one, two].map((fixture) => fixture.run(CHECK, { sidecar_image: big.reference }, 55_000));
  for (const { type } of await Promise.all(runs)) expect(type).toBe("task_completed");
  expect(await settledSidecar(docker, big)).toEqual(settled);
}, 90_000);

test("so does the first task after a kill -9 in the middle of the copy; one volume results, no helper stays", async () => {
  for (const delayMs of [50, 150, 300]) {
    await removeSidecar(docker, big);
    await using fixture = await WorkerFixture.start(`kill-${delayMs}`, { env });
    using creations = await CreationWatch.start(dockerHost);
    const killed = fixture.task(CHECK, { sidecar_image: big.reference });
    await fixture.oz.assign(killed);
    await creations.waitFor(({ name }) => name.includes("sidecar-source"));
    await Bun.sleep(delayMs);
    await fixture.killWorker();
    const { published, volumes } = await sidecarObjects(docker, big);
    console.log(`killed after ${delayMs} ms of the copy: ${volumes.length} volume(s), ${published.length} published`);

    fixture.startWorker();
    const { type } = await fixture.run(CHECK, { sidecar_image: big.reference }, 30_000);
    expect({ delayMs, type }).toEqual({ delayMs, type: "task_completed" });
    expect(await settledSidecar(docker, big)).toEqual(settled);
    // What the dead worker had claimed is reported by the one that follows.
    expect((await fixture.oz.waitForResult(killed.task_id)).type).toMatch(/task_(failed|completed)/);
  }
}, 180_000);

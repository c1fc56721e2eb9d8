import { afterAll, beforeAll, expect, test } from "bun:test";
import { copiedSidecars } from "../support/copied-sidecars.ts";
import { testEnvironment } from "../support/environment.ts";
import { agentImage, sidecarImage } from "../support/images.ts";
import { sidecarObjects } from "../support/sidecar-objects.ts";
import { until } from "../support/until.ts";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start("image-volumes", { env: await copiedSidecars(testEnvironment().docker) });
});
afterAll(() => fixture.close());

/** Names of the volumes that a container has. */
async function volumesOf(name: string): Promise<readonly string[]> {
  const { Mounts } = await fixture.environment.docker.getContainer(name).inspect();
  return Mounts.flatMap(({ Type, Name }) => (Type === "volume" && Name !== undefined ? [Name] : []));
}

test("volumes that the task's image declares go with the container", async () => {
  const image = await agentImage(fixture.environment, "declares", { volumes: ["/data", "/cache"] });
  const { task_id } = await fixture.runUntilReady(OBEDIENT, { docker_image: image.reference });
  const container = await fixture.untilReady(task_id);
  const anonymous = (await volumesOf(container.id)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  expect(anonymous).toHaveLength(2);
  await fixture.oz.cancel(task_id);
  await fixture.untilCleared(task_id);
  // The engine takes the container off its list before it has removed them.
  await until("no volume of it", async () => {
    const { Volumes } = await fixture.environment.docker.listVolumes();
    return Volumes.every(({ Name }) => !anonymous.includes(Name));
  });
});

test("what a sidecar's image has below volumes that it declares appears too, and none of them stays", async () => {
  const image = await sidecarImage(fixture.environment, {
    name: "sidecar-declares",
    files: [
      { path: "data/inside", content: "whole" },
      // No copy of it is there from before.
      { path: "unique", content: crypto.randomUUID() },
    ],
    source: { volumes: ["/data"] },
  });
  const result = await fixture.run(`test "$(cat /agent/data/inside)" = whole`, { sidecar_image: image.reference });
  expect(result.type).toBe("task_completed");
  const { published, volumes } = await sidecarObjects(fixture.environment.docker, image);
  expect(await Promise.all(published.map(volumesOf))).toEqual([[...volumes]]);
});

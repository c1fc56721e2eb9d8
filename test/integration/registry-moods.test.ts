import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { AssignmentParts } from "../support/assignment-builder.ts";
import { agentImage, sidecarImage } from "../support/images.ts";
import { MoodyRegistry } from "../support/moody-registry.ts";
import { until } from "../support/until.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

let fixture: WorkerFixture;
let registry: MoodyRegistry;
beforeAll(async () => {
  fixture = await WorkerFixture.start("moods");
  registry = await MoodyRegistry.start(fixture.environment.registry);
});
afterEach(() => registry.calm());
afterAll(async () => {
  registry[Symbol.dispose]();
  await fixture.close();
});

/** An image that is of no use to anybody before, by way of the moody registry. */
async function fresh(kind: "image" | "sidecar"): Promise<AssignmentParts> {
  const mark = crypto.randomUUID();
  const layers = [[{ path: "mark", content: mark }]];
  if (kind === "image") {
    const { reference } = await agentImage(fixture.environment, `mood-${mark}`, { layers });
    return { docker_image: registry.through(reference) };
  }
  const files = [{ path: "mark", content: mark }];
  const { reference } = await sidecarImage(fixture.environment, { name: `mood-${mark}`, files });
  return { sidecar_image: registry.through(reference) };
}

async function cancelledMs(taskId: string): Promise<number> {
  const from = performance.now();
  await fixture.oz.cancel(taskId);
  const { data } = await fixture.oz.waitForResult(taskId, 20_000);
  expect(data).toMatchObject({ task_state: "CANCELLED" });
  return performance.now() - from;
}

describe("a task is cancelled within a second or so while", () => {
  test.each<["image" | "sidecar", string, RegExp, "hold" | "half"]>([
    ["image", "the manifest is never answered", /\/manifests\//, "hold"],
    ["image", "a layer stops in the middle", /GET .*\/blobs\//, "half"],
    ["sidecar", "the manifest is never answered", /\/manifests\//, "hold"],
  ])("its %s is pulled and %s", async (kind, _, pattern, mood) => {
    const data = fixture.task("exit 0", await fresh(kind));
    registry.meet(pattern, mood);
    const before = registry.count(pattern);
    await fixture.oz.assign(data);
    await until("the registry is asked", () => registry.count(pattern) > before);
    expect(await cancelledMs(data.task_id)).toBeLessThan(1_500);
    await fixture.untilCleared(data.task_id);
  });

  test("it waits for its turn behind others, and these as well", async () => {
    registry.meet(/\/manifests\//, "hold");
    const before = registry.count(/\/manifests\//);
    const tasks = await Promise.all(
      Array.from({ length: 10 }, async () => fixture.task("exit 0", await fresh("image"))),
    );
    for (const data of tasks) await fixture.oz.assign(data);
    await until("eight at once", () => registry.count(/\/manifests\//) === before + 8);
    for (const { task_id } of tasks.reverse()) expect(await cancelledMs(task_id)).toBeLessThan(1_500);
  });
});

test("a task runs although a layer of its image came damaged, and one of its sidecar in half", async () => {
  const parts = { ...(await fresh("image")), ...(await fresh("sidecar")) };
  registry.meet(/GET .*\/blobs\//, "damage", 1);
  registry.meet(/GET .*\/blobs\//, "reset", 1);
  const from = fixture.worker.lines.length;
  expect((await fixture.run("test -s /mark && test -s /agent/mark", parts)).type).toBe("task_completed");
  await fixture.worker.waitForLine(/a pull failed and is tried again .*reason=damaged/, 1_000, from);
});

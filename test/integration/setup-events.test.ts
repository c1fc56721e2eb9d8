import { expect, test } from "bun:test";
import { type FixtureOptions, OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

const API_KEY = "wk-task-of-setup-events";
const TOKEN = "wl-token-of-setup-events";
const SIGNED = { env_vars: { WARP_API_KEY: API_KEY, WARP_WORKLOAD_TOKEN: TOKEN } };

async function withWorker(options: FixtureOptions, work: (fixture: WorkerFixture) => Promise<void>): Promise<void> {
  await using fixture = await WorkerFixture.start("setup-events", options);
  await work(fixture);
  expect(fixture.worker.lines.join("\n")).not.toContain(API_KEY);
  expect(fixture.worker.lines.join("\n")).not.toContain(TOKEN);
}

test("Oz is told how long each step took, signed by the task's own key", async () => {
  await withWorker({}, async (fixture) => {
    const { oz } = fixture;
    const { taskId } = await fixture.run("exit 0", SIGNED);
    const events = await oz.waitFor("three events", () =>
      oz.setupEvents(taskId).length >= 3 ? oz.setupEvents(taskId) : undefined,
    );
    expect(events.map(({ name, isError }) => [name, isError]).sort()).toEqual([
      ["setup_worker_container_start", false],
      ["setup_worker_image_pull", false],
      ["setup_worker_sidecar_prep", false],
    ]);
    for (const { headers } of events) {
      expect(headers).toMatchObject({
        authorization: `Bearer ${API_KEY}`,
        "x-warp-cloud-agent-id": taskId,
        "x-warp-ambient-workload-token": TOKEN,
      });
    }
    expect(new Set(events.map(({ body }) => body.event_uuid)).size).toBe(3);
  });
});

test("a failed step says so, and there is nothing of the steps behind it", async () => {
  await withWorker({}, async (fixture) => {
    const { oz, image } = fixture;
    const missing = image.replace(/:[^:]*$/, ":missing");
    const { taskId } = await fixture.run("exit 0", { ...SIGNED, docker_image: missing });
    await oz.waitFor(
      "the event",
      () => oz.setupEvents(taskId).some(({ name }) => /image_pull/.test(name)) || undefined,
    );
    const pull = oz.setupEvents(taskId).find(({ name }) => name === "setup_worker_image_pull");
    expect(pull?.isError).toBe(true);
    expect(oz.setupEvents(taskId).some(({ name }) => name === "setup_worker_container_start")).toBe(false);
  });
});

test("without a key nothing is told, and the debug log says so in one line", async () => {
  await using fixture = await WorkerFixture.start("setup-events");
  const { taskId } = await fixture.run("exit 0", { env_vars: { WARP_API_KEY: "" } });
  expect(fixture.oz.setupEvents(taskId)).toEqual([]);
  expect(fixture.worker.lines.filter((line) => line.includes("has no key of its own"))).toHaveLength(1);
});

test("a task that is cancelled tells nothing more", async () => {
  await using fixture = await WorkerFixture.start("setup-events");
  const { oz } = fixture;
  const data = await fixture.runUntilReady(OBEDIENT, SIGNED);
  await oz.waitFor("the events", () => oz.setupEvents(data.task_id).length === 3 || undefined);
  await oz.cancel(data.task_id);
  await oz.waitForResult(data.task_id);
  expect(oz.setupEvents(data.task_id)).toHaveLength(3);
});

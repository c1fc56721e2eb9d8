import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "../docker/registry/temp-folder.ts";
import { until } from "../support/until.ts";
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

test("where nothing was pulled there is no event of a pull", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "worker.yaml");
  await writeFile(file, "backend: {docker: {image_pull_policy: IfNotPresent}}\n");
  await withWorker({ args: ["--config-file", file] }, async (fixture) => {
    const { oz } = fixture;
    await fixture.run("exit 0", SIGNED);
    const { taskId } = await fixture.run("exit 0", SIGNED);
    await oz.waitFor("the start", () => oz.setupEvents(taskId).some(({ name }) => /start/.test(name)) || undefined);
    expect(oz.setupEvents(taskId).map(({ name }) => name)).not.toContain("setup_worker_image_pull");
  });
});

test("a server that fails, or never answers, changes neither the task nor its time", async () => {
  const asked: string[] = [];
  const moods = [() => new Response("broken", { status: 500 }), () => new Promise<Response>(() => {})];
  using server = Bun.serve({
    port: 0,
    fetch(request) {
      asked.push(request.url);
      return moods[asked.length % 2]?.() ?? new Response();
    },
  });
  await withWorker({ args: ["--server-root-url", `http://127.0.0.1:${server.port}/base/`] }, async (fixture) => {
    const { type, taskId } = await fixture.run("exit 0", SIGNED);
    expect(type).toBe("task_completed");
    await fixture.untilCleared(taskId);
    await until("all were asked for", () => asked.length === 3);
    for (const url of asked) expect(new URL(url).pathname).toBe(`/base/api/v1/agent/runs/${taskId}/client-events`);
    await fixture.worker.waitForLine(/Oz was not told how long a step took .*status 500/);
    const start = performance.now();
    await fixture.stopWorker();
    expect(performance.now() - start).toBeLessThan(3_000);
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

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DockerRelay } from "../support/docker-relay.ts";
import { testEnvironment } from "../support/environment.ts";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "concurrency-"));
  await writeFile(join(folder, "one.yaml"), "max_concurrent_tasks: 1\n");
});
afterAll(() => rm(folder, { recursive: true }));

test("twenty tasks assigned at once all complete, and an explicit 0 beats the file's limit of 1", async () => {
  const args = ["--config-file", join(folder, "one.yaml"), "--max-concurrent-tasks", "0"];
  await using fixture = await WorkerFixture.start("twenty", { args });
  const tasks = Array.from({ length: 20 }, () => fixture.task("exit 0"));
  await Promise.all(tasks.map((task) => fixture.oz.assign(task)));
  await Promise.all(tasks.map((task) => fixture.oz.waitForResult(task.task_id, 50_000)));
  for (const { task_id } of tasks) expect(fixture.oz.typesOf(task_id)).toEqual(["task_claimed", "task_completed"]);
});

describe("with a limit of 2", () => {
  let fixture: WorkerFixture;
  beforeAll(async () => {
    fixture = await WorkerFixture.start("limit", { args: ["--max-concurrent-tasks", "2"] });
  });
  afterAll(() => fixture.close());

  test("the third is rejected in the contract's words and never claimed; a slot that is free again is used", async () => {
    const [first, second, third] = [fixture.task(OBEDIENT), fixture.task(OBEDIENT), fixture.task("exit 0")];
    await fixture.oz.assign(first);
    await fixture.oz.assign(second);
    await fixture.oz.assign(third);
    const { data } = await fixture.oz.waitForMessage("task_rejected", third.task_id);
    expect(data).toEqual({ task_id: third.task_id, reason: "worker at maximum concurrency" });

    const container = await fixture.untilReady(first.task_id);
    await container.kill({ signal: "SIGTERM" });
    await fixture.oz.waitForResult(first.task_id);
    expect(fixture.oz.typesOf(third.task_id)).toEqual(["task_rejected"]);

    // Oz has kept it and offers it again.
    await fixture.oz.redeliver(third.task_id);
    await fixture.oz.waitForResult(third.task_id);
    expect(fixture.oz.typesOf(third.task_id)).toEqual(["task_rejected", "task_claimed", "task_completed"]);
    await fixture.oz.cancel(second.task_id);
    await fixture.oz.waitForResult(second.task_id);
  });

  test("a redelivery takes no slot; an assignment that cannot be read does, as any other", async () => {
    const [first, second] = [await fixture.runUntilReady(OBEDIENT), await fixture.runUntilReady(OBEDIENT)];
    await fixture.oz.redeliver(first.task_id);
    await fixture.oz.waitForMessage("task_claimed", first.task_id, 10_000, 2);
    const unreadable = JSON.stringify({ type: "task_assignment", data: { task_id: "unreadable", task: null } });
    await fixture.oz.sendRaw(unreadable);
    await fixture.oz.waitForMessage("task_rejected", "unreadable");
    for (const { task_id } of [first, second]) {
      await fixture.oz.cancel(task_id);
      expect((await fixture.oz.waitForResult(task_id)).data).toMatchObject({ task_state: "CANCELLED" });
    }
    await fixture.oz.sendRaw(unreadable);
    expect((await fixture.oz.waitForResult("unreadable")).type).toBe("task_failed");
  });
});

test("without a limit the file's counts", async () => {
  await using fixture = await WorkerFixture.start("file-limit", { args: ["--config-file", join(folder, "one.yaml")] });
  const first = await fixture.runUntilReady(OBEDIENT);
  const second = fixture.task("exit 0");
  await fixture.oz.assign(second);
  await fixture.oz.waitForMessage("task_rejected", second.task_id);
  await fixture.oz.cancel(first.task_id);
  await fixture.oz.waitForResult(first.task_id);
});

test("clearing away gives way to a task that is being started, and not for long", async () => {
  using docker = await DockerRelay.start(testEnvironment().dockerHost);
  await using fixture = await WorkerFixture.start("give-way", { env: { DOCKER_HOST: docker.address } });
  const held = docker.next(/^POST \S*\/start/, "hold");
  const starting = fixture.task("exit 0");
  await fixture.oz.assign(starting);
  await held;
  const { taskId } = await fixture.run("exit 0");
  const ended = performance.now();
  await Bun.sleep(1_000);
  expect(await fixture.containers(taskId)).toHaveLength(1);
  await fixture.untilCleared(taskId);
  expect(performance.now() - ended).toBeLessThan(8_000);
  docker.cut();
  expect((await fixture.oz.waitForResult(starting.task_id)).type).toBe("task_completed");
});

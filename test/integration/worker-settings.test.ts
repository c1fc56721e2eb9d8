import { expect, test } from "bun:test";
import { WorkerFixture } from "../support/worker-fixture.ts";

test.concurrent("a configured volume that the daemon refuses is container_create", async () => {
  const volume = `${"v".repeat(300)}:/cache`;
  await using fixture = await WorkerFixture.start("volume", { args: ["--volumes", volume] });
  const { data } = await fixture.run("exit 0");
  expect(data).toMatchObject({ failure_reason: "container_create" });
  expect(data.message).toMatch(/could not create the container .*: the daemon refuses one of its volumes/);
  // What is mounted from where is between the operator and the daemon.
  expect(data.message).not.toContain("vvvvvvvv");
  expect(await fixture.worker.waitForLine(/task failed/)).toMatch(/ said=.*vvvvvvvv/);
});

test.concurrent("a registry that cannot be reached is image_pull, after some tries; others are not held up", async () => {
  await using fixture = await WorkerFixture.start("unreachable");
  const data = fixture.task("exit 0", { docker_image: "127.0.0.1:1/nobody/listens:1" });
  await fixture.oz.assign(data);
  expect((await fixture.run("exit 0")).type).toBe("task_completed");
  const result = await fixture.oz.waitForResult(data.task_id, 40_000);
  expect(result.data).toMatchObject({ failure_reason: "image_pull" });
  expect(result.data.message).toMatch(/127\.0\.0\.1:1\/nobody\/listens:1.*could not be reached/);
});

test.concurrent("--no-cleanup keeps the container, and a worker that follows does not take it for unfinished", async () => {
  await using fixture = await WorkerFixture.start("keep", { args: ["--no-cleanup"] });
  const { docker } = fixture.environment;
  const { taskId } = await fixture.run("echo kept; exit 4");
  await fixture.oz.waitForConfirmation(taskId);
  await fixture.stopWorker();
  const [kept] = await fixture.containers(taskId);
  expect(kept?.Names[0]).toMatch(/^\/oz-task-/);

  fixture.startWorker();
  await fixture.oz.waitForLink();
  await fixture.run("exit 0");
  expect(fixture.oz.typesOf(taskId)).toEqual(["task_claimed", "task_failed"]);
  await fixture.stopWorker();
  for (const { Id } of await fixture.containers()) await docker.getContainer(Id).remove({ v: true });
});

import { expect, test } from "bun:test";
import { askCommand } from "../support/ask-command.ts";
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

test.concurrent("--keep-failed keeps the containers of failed tasks, says their names, and removes them in time", async () => {
  await using fixture = await WorkerFixture.start("keep-failed", { args: ["--keep-failed=1s"] });
  const done = await fixture.run("exit 0");
  const { taskId } = await fixture.run("echo why; exit 4");
  const line = await fixture.worker.waitForLine(/the container is kept, to look into it .*for="1 s"/);
  const name = /container=(\S+)/.exec(line)?.[1] ?? "";
  await fixture.untilCleared(done.taskId);
  expect((await fixture.containers()).map(({ Names }) => Names[0])).toEqual([`/${name}`]);
  expect(await askCommand(["logs", taskId], { DOCKER_HOST: fixture.environment.dockerHost })).toMatchObject({
    stdout: "why\n",
  });
  await fixture.stopWorker();
  await Bun.sleep(1_000);
  // A start sweeps.
  fixture.startWorker();
  await fixture.worker.waitForLine(/a container that was kept is removed/);
  await fixture.untilCleared(taskId);
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

import { describe, expect, test } from "bun:test";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

/** Each test has a worker of its own: one whose link breaks again and again dials more and more slowly. */
const startFixture = () => WorkerFixture.start("links", { relayed: true });

/** Ends a task of exit code 3 from outside, as if it were done. */
async function endTask(fixture: WorkerFixture, taskId: string): Promise<void> {
  const container = await fixture.untilReady(taskId);
  await container.kill({ signal: "SIGTERM" });
  await container.wait().catch(() => {});
}

async function expectDelivered(fixture: WorkerFixture, taskId: string): Promise<void> {
  const { data } = await fixture.oz.waitForResult(taskId, 20_000);
  expect(data).toMatchObject({ failure_reason: "container_exit", exit_code: 3 });
  await fixture.oz.waitForConfirmation(taskId);
  await fixture.untilCleared(taskId);
}

describe("the result arrives", () => {
  test.concurrent("when the link is cut while the task ends", async () => {
    await using fixture = await startFixture();
    const { task_id } = await fixture.runUntilReady(OBEDIENT);
    fixture.relay.refuse();
    fixture.relay.cut();
    await endTask(fixture, task_id);
    await fixture.worker.waitForLine(new RegExp(`task failed.*${task_id}`));
    await fixture.relay.listen();
    await expectDelivered(fixture, task_id);
  });

  test.concurrent("when the link is cut at the very moment", async () => {
    await using fixture = await startFixture();
    const tasks = await Promise.all([1, 2, 3].map(() => fixture.runUntilReady(OBEDIENT)));
    const told = fixture.worker.waitForLine(/task failed/);
    const ended = Promise.all(tasks.map(({ task_id }) => endTask(fixture, task_id)));
    await told;
    fixture.relay.cut();
    await ended;
    for (const { task_id } of tasks) await expectDelivered(fixture, task_id);
  });

  test.concurrent("when the link is frozen as it ends, then cut: on the next link", async () => {
    await using fixture = await startFixture();
    const { task_id } = await fixture.runUntilReady(OBEDIENT);
    fixture.relay.freeze();
    await endTask(fixture, task_id);
    await fixture.worker.waitForLine(new RegExp(`task failed.*${task_id}`));
    await Bun.sleep(1_000);
    expect(fixture.oz.typesOf(task_id)).toEqual(["task_claimed"]);
    expect(await fixture.containers(task_id)).toHaveLength(1);
    fixture.relay.cut();
    fixture.relay.thaw();
    await expectDelivered(fixture, task_id);
  });

  test.concurrent("when Oz reads it but no answer comes back, then the link is cut", async () => {
    await using fixture = await startFixture();
    const { task_id } = await fixture.runUntilReady(OBEDIENT);
    fixture.relay.freeze("to-client");
    await endTask(fixture, task_id);
    await fixture.oz.waitForResult(task_id);
    // Nobody has told the worker that it was read: the container is still the record of it.
    await Bun.sleep(1_500);
    expect(await fixture.containers(task_id)).toHaveLength(1);
    fixture.relay.cut();
    fixture.relay.thaw();
    await expectDelivered(fixture, task_id);
    expect(fixture.oz.typesOf(task_id)).toEqual(["task_claimed", "task_failed", "task_failed"]);
  });

  test.concurrent("when the server is gone for 5 s", async () => {
    await using fixture = await startFixture();
    const { task_id } = await fixture.runUntilReady(OBEDIENT);
    const other = await fixture.runUntilReady(OBEDIENT);
    await fixture.oz.goAway();
    await endTask(fixture, task_id);
    await Bun.sleep(5_000);
    fixture.oz.comeBack();
    await expectDelivered(fixture, task_id);
    // Who did not end meanwhile goes on.
    await endTask(fixture, other.task_id);
    await expectDelivered(fixture, other.task_id);
  });
});

test.concurrent("tasks go on running over a broken link, and new ones are taken on the next", async () => {
  await using fixture = await startFixture();
  const { task_id } = await fixture.runUntilReady(OBEDIENT);
  fixture.oz.closeLinks(1012, "service restart");
  await fixture.worker.waitForLine(/code 1012: "service restart"/);
  await fixture.oz.waitForLink();
  expect((await fixture.run("exit 0")).type).toBe("task_completed");
  await endTask(fixture, task_id);
  await expectDelivered(fixture, task_id);
});

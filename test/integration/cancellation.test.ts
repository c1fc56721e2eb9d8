import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { agentImage } from "../support/images.ts";
import { OBEDIENT, STUBBORN, WorkerFixture } from "../support/worker-fixture.ts";

const CANCELLED = { message: "Task cancelled by user request.", task_state: "CANCELLED" };
let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start("cancel");
});
afterAll(() => fixture.close());

/** Cancels a task and answers its result and how long that took. */
async function cancel(taskId: string): Promise<{ data: object; tookMs: number }> {
  const startedAt = performance.now();
  await fixture.oz.cancel(taskId);
  const { data } = await fixture.oz.waitForResult(taskId, 20_000);
  return { data, tookMs: performance.now() - startedAt };
}

describe("a running task", () => {
  test("that obeys SIGTERM is ended by it", async () => {
    const { task_id } = await fixture.runUntilReady(OBEDIENT);
    const { data, tookMs } = await cancel(task_id);
    expect(data).toMatchObject({ task_id, ...CANCELLED });
    expect(tookMs).toBeLessThan(5_000);
    await fixture.untilCleared(task_id);
  });

  test("that obeys SIGTERM is ended by it, whatever signal its image asks for", async () => {
    const image = await agentImage(fixture.environment, "stop-signal", { stopSignal: "SIGWINCH" });
    const { task_id } = await fixture.runUntilReady(OBEDIENT, { docker_image: image.reference });
    expect((await cancel(task_id)).tookMs).toBeLessThan(5_000);
    await fixture.untilCleared(task_id);
  });

  test("that ignores SIGTERM is killed after the grace", async () => {
    const { task_id } = await fixture.runUntilReady(STUBBORN);
    const { data, tookMs } = await cancel(task_id);
    expect(data).toMatchObject({ task_id, ...CANCELLED });
    expect(tookMs).toBeGreaterThan(5_000);
    expect(tookMs).toBeLessThan(15_000);
    await fixture.untilCleared(task_id);
  });

  test("that is paused is ended all the same", async () => {
    const { task_id } = await fixture.runUntilReady(OBEDIENT);
    await (await fixture.untilReady(task_id)).pause();
    expect((await cancel(task_id)).data).toMatchObject({ task_id, ...CANCELLED });
    await fixture.untilCleared(task_id);
  });

  test("cancelled several times is cancelled once", async () => {
    const { task_id } = await fixture.runUntilReady(OBEDIENT);
    for (let i = 0; i < 3; i += 1) await fixture.oz.cancel(task_id);
    await fixture.untilCleared(task_id);
    expect(fixture.oz.typesOf(task_id)).toEqual(["task_claimed", "task_completed"]);
  });
});

describe("a task with several executions", () => {
  test("has a container for each, and one cancellation ends them all", async () => {
    const first = await fixture.runUntilReady(OBEDIENT);
    const second = fixture.task(OBEDIENT, { task_id: first.task_id });
    await fixture.oz.assign(second);
    const { task_id } = first;
    await fixture.untilReady(task_id, second.execution_id);
    const containers = await fixture.containers(task_id);
    expect(new Set(containers.map(({ Names }) => Names[0])).size).toBe(2);
    await fixture.oz.cancel(task_id);
    await fixture.oz.waitForMessage("task_completed", task_id, 10_000, 2);
    await fixture.untilCleared(task_id);
    const types = ["task_claimed", "task_claimed", "task_completed", "task_completed"];
    expect(fixture.oz.typesOf(task_id)).toEqual(types);
  });

  test("runs a follow-up after a cancelled execution", async () => {
    const first = await fixture.runUntilReady(OBEDIENT);
    await cancel(first.task_id);
    const second = fixture.task("exit 0", { task_id: first.task_id });
    await fixture.oz.assign(second);
    const { data } = await fixture.oz.waitForMessage("task_completed", first.task_id, 10_000, 2);
    expect(data).toEqual({
      task_id: first.task_id,
      execution_id: data.execution_id,
      message: "Task completed successfully",
    });
  });
});

describe("nothing is sent", () => {
  test("for a task that has ended", async () => {
    const { taskId } = await fixture.run("exit 0");
    await fixture.untilCleared(taskId);
    await logsCancellation(taskId);
    expect(fixture.oz.typesOf(taskId)).toEqual(["task_claimed", "task_completed"]);
  });

  test("for a task that never was here", async () => {
    await logsCancellation("never-assigned");
    expect(fixture.oz.typesOf("never-assigned")).toEqual([]);
  });

  async function logsCancellation(taskId: string): Promise<void> {
    const from = fixture.worker.lines.length;
    await fixture.oz.cancel(taskId);
    await fixture.worker.waitForLine(new RegExp(`cancellation.*${taskId}`), 5_000, from);
    // Whatever was wrongly sent comes before the answer to the next task.
    await fixture.run("exit 0");
  }
});

test("an assignment and its cancellation at one instant: claimed, then cancelled", async () => {
  const data = fixture.task(OBEDIENT);
  await fixture.oz.assign(data);
  await fixture.oz.cancel(data.task_id);
  expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ task_id: data.task_id, ...CANCELLED });
  await fixture.untilCleared(data.task_id);
});

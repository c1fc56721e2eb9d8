import { afterAll, beforeAll, expect, test } from "bun:test";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";
import type { WorkerProcess } from "../support/worker-process.ts";

let fixture: WorkerFixture;
/** The one that runs between two tests. */
let survivor: WorkerProcess;
beforeAll(async () => {
  fixture = await WorkerFixture.start("workers", { args: ["--max-concurrent-tasks", "2"] });
  survivor = fixture.worker;
});
afterAll(() => fixture.close());

test("of three heirs at once one takes a task over", async () => {
  const tasks = await Promise.all([4, 5].map((code) => fixture.runUntilReady(`echo ready; sleep 2; exit ${code}`)));
  await fixture.killWorker(survivor);
  survivor = fixture.startWorker();
  const others = [fixture.startWorker(), fixture.startWorker()];
  await fixture.oz.waitForLink(10_000, 3);
  for (const { task_id } of tasks) {
    await fixture.oz.waitForConfirmation(task_id);
    await fixture.untilCleared(task_id);
    expect(fixture.oz.typesOf(task_id)).toEqual(["task_claimed", "task_claimed", "task_failed"]);
  }
  for (const heir of others) expect((await fixture.stopWorker(heir)).code).toBe(0);
  await fixture.oz.waitFor("one link", () => fixture.oz.openLinks === 1 || undefined);
});

test("tasks that were taken over count against the limit", async () => {
  const tasks = await Promise.all([fixture.runUntilReady(OBEDIENT), fixture.runUntilReady(OBEDIENT)]);
  await fixture.killWorker(survivor);
  survivor = fixture.startWorker();
  await fixture.oz.waitForMessage("task_claimed", tasks[0]?.task_id ?? "", 10_000, 2);
  await fixture.oz.waitForLink();
  const third = fixture.task("exit 0");
  await fixture.oz.assign(third);
  const { data } = await fixture.oz.waitForMessage("task_rejected", third.task_id);
  expect(data.reason).toBe("worker at maximum concurrency");
  for (const { task_id } of tasks) {
    await fixture.oz.cancel(task_id);
    expect((await fixture.oz.waitForResult(task_id)).data).toMatchObject({ task_state: "CANCELLED" });
    await fixture.untilCleared(task_id);
  }
});

test("of two workers neither touches the other's task; when one dies the other takes its task over", async () => {
  const data = await fixture.runUntilReady("trap 'exit 3' TERM; echo ready; sleep 1000 & wait");
  const second = fixture.startWorker();
  await fixture.oz.waitForLink(10_000, 2);
  // It has looked before it dialled, and left the task alone.
  expect(second.lines.some((line) => line.includes("taken over"))).toBe(false);
  // Oz thinks that the first one is gone, and hands its task out again, to both.
  await fixture.oz.redeliver(data.task_id);
  await fixture.oz.redeliver(data.task_id);
  await fixture.oz.waitForMessage("task_claimed", data.task_id, 10_000, 3);
  expect(await fixture.containers(data.task_id)).toHaveLength(1);
  await fixture.killWorker(survivor);
  await second.waitForLine(/task taken over/, 40_000);
  await fixture.oz.cancel(data.task_id);
  expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ task_state: "CANCELLED" });
  await fixture.untilCleared(data.task_id);
}, 60_000);

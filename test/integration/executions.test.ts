import { afterAll, beforeAll, expect, test } from "bun:test";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start("executions");
});
afterAll(() => fixture.close());

/** Two executions of one task, both running. */
async function twoRunning() {
  const first = fixture.task(OBEDIENT, { execution_id: "first" });
  const second = { ...first, execution_id: "second" };
  await fixture.oz.assign(first);
  await fixture.oz.assign(second);
  const { task_id: taskId } = first;
  await Promise.all(["first", "second"].map((id) => fixture.untilReady(taskId, id)));
  return taskId;
}

/** The end of one execution. */
function endOf(taskId: string, executionId: string) {
  return fixture.oz.waitFor(`the end of ${executionId}`, () =>
    fixture.oz.received.find(
      (one) => one.taskId === taskId && one.executionId === executionId && /completed|failed/.test(one.type),
    ),
  );
}

test("executions of one task run side by side; one is cancelled by its id, the rest without one", async () => {
  const { oz } = fixture;
  const taskId = await twoRunning();
  await oz.cancel(taskId, { executionId: "unknown" });
  await oz.cancel(taskId, { executionId: "second" });
  expect((await endOf(taskId, "second")).data).toMatchObject({ task_state: "CANCELLED", execution_id: "second" });
  expect(await fixture.containers(taskId, "first")).toHaveLength(1);
  expect(oz.received.filter((one) => one.taskId === taskId && one.executionId === "first")).toHaveLength(1);
  await oz.cancel(taskId);
  expect((await endOf(taskId, "first")).data).toMatchObject({ task_state: "CANCELLED", execution_id: "first" });
});

test("without an id every execution of the task is cancelled", async () => {
  const taskId = await twoRunning();
  await fixture.oz.cancel(taskId);
  for (const id of ["first", "second"])
    expect((await endOf(taskId, id)).data).toMatchObject({ task_state: "CANCELLED" });
});

test("ids stand on claims and ends, and nowhere where the assignment had none", async () => {
  const { oz } = fixture;
  const done = fixture.task("exit 0", { execution_id: "e-1" });
  const failed = fixture.task("exit 4", { execution_id: "e-2" });
  const bare = fixture.task("exit 5", { execution_id: "" });
  for (const task of [done, failed, bare]) await oz.assign(task);
  const ids = async ({ task_id: taskId }: { readonly task_id: string }) => {
    const end = await oz.waitForResult(taskId, 30_000);
    const claim = await oz.waitForMessage("task_claimed", taskId);
    return [claim, end].map(({ data }) => ("execution_id" in data ? data.execution_id : "absent"));
  };
  expect(await ids(done)).toEqual(["e-1", "e-1"]);
  expect(await ids(failed)).toEqual(["e-2", "e-2"]);
  expect(await ids(bare)).toEqual(["absent", "absent"]);
});

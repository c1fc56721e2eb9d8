import { afterAll, beforeAll, expect, test } from "bun:test";
import { LABELS } from "../../src/docker/records/labels.ts";
import { CreationWatch } from "../support/daemon-events.ts";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

let fixture: WorkerFixture;
let creations: CreationWatch;
beforeAll(async () => {
  fixture = await WorkerFixture.start("redelivery", { relayed: true });
  creations = await CreationWatch.start(fixture.environment.dockerHost);
});
afterAll(async () => {
  creations.close();
  await fixture.close();
});

const containersOf = (taskId: string) => creations.seen.filter(({ labels }) => labels[LABELS.taskId] === taskId).length;

async function end(taskId: string): Promise<void> {
  await (await fixture.untilReady(taskId)).kill({ signal: "SIGTERM" });
}

test("while the task runs: claimed twice, one container, one terminal message", async () => {
  const { task_id } = await fixture.runUntilReady(OBEDIENT);
  await fixture.oz.redeliver(task_id);
  await fixture.oz.waitForMessage("task_claimed", task_id, 10_000, 2);
  await end(task_id);
  await fixture.untilCleared(task_id);
  expect(fixture.oz.typesOf(task_id)).toEqual(["task_claimed", "task_claimed", "task_failed"]);
  expect(containersOf(task_id)).toBe(1);
});

test("at the same instant, five times over: one container, one terminal message", async () => {
  const data = fixture.task("exit 0");
  for (let i = 0; i < 5; i += 1) await fixture.oz.assign(data);
  await fixture.oz.waitForResult(data.task_id);
  await fixture.untilCleared(data.task_id);
  const types = fixture.oz.typesOf(data.task_id);
  expect(types.filter((type) => type === "task_completed")).toHaveLength(1);
  expect(types.filter((type) => type === "task_claimed").length).toBeGreaterThanOrEqual(1);
  expect(types).not.toContain("task_rejected");
  expect(containersOf(data.task_id)).toBe(1);
});

test("while its result is not known to be read: claimed again, the same result again, not run again", async () => {
  const { task_id } = await fixture.runUntilReady(OBEDIENT);
  // The redelivery is on its way when the task ends; the answer to the result comes after it.
  fixture.relay.delay(1_500, "to-client");
  await fixture.oz.redeliver(task_id);
  await end(task_id);
  await fixture.oz.waitForResult(task_id);
  await fixture.oz.waitForMessage("task_claimed", task_id, 10_000, 2);
  await fixture.oz.waitForMessage("task_failed", task_id, 10_000, 2);
  fixture.relay.delay(0);
  await fixture.untilCleared(task_id);
  expect(fixture.oz.typesOf(task_id)).toEqual(["task_claimed", "task_failed", "task_claimed", "task_failed"]);
  const results = fixture.oz.received.filter((one) => one.taskId === task_id && one.type === "task_failed");
  expect(new Set(results.map(({ text }) => text)).size).toBe(1);
  expect(containersOf(task_id)).toBe(1);
});

test("on the next link, after the first was lost before the claim arrived", async () => {
  const data = fixture.task(OBEDIENT);
  fixture.relay.freeze("to-server");
  await fixture.oz.assign(data);
  await fixture.untilReady(data.task_id);
  fixture.relay.cut();
  fixture.relay.thaw();
  await fixture.oz.redeliver(data.task_id);
  await fixture.oz.waitForMessage("task_claimed", data.task_id);
  await end(data.task_id);
  await fixture.oz.waitForResult(data.task_id);
  await fixture.untilCleared(data.task_id);
  expect(containersOf(data.task_id)).toBe(1);
});

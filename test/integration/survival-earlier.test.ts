import { afterAll, beforeAll, expect, test } from "bun:test";
import { createVolume } from "../../src/docker/engine/engine-objects.ts";
import { executionLabels, LABELS, type LabelMap } from "../../src/docker/records/labels.ts";
import { randomToken, recordNames, taskContainerName } from "../../src/docker/records/object-names.ts";
import { createSeals } from "../../src/docker/records/seals.ts";
import { currentOwner } from "../../src/host/owner.ts";
import { testEnvironment } from "../support/environment.ts";
import { Tenant } from "../support/tenant.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

/** What a killed worker has left whose records have no seal of this worker's key. */

const DEAD = { ...currentOwner(), pid: 2 ** 22 + 7, start: "1" };
/** Makes the labels of an object of that name. */
type Sealing = (name: string, labels: LabelMap) => LabelMap;
/** As the version before this one did. */
const unsealed: Sealing = (_, labels) => labels;
const anotherKey: Sealing = (name, labels) => createSeals("wk-another-key").seal(name, labels);

const tenant = new Tenant(testEnvironment());
beforeAll(async () => {
  const fixture = await WorkerFixture.start("earlier-image", { started: false });
  await tenant.pull(fixture.image);
  await fixture.close();
});
afterAll(() => tenant[Symbol.asyncDispose]());

interface Left {
  readonly taskId: string;
  readonly attempt: string;
}

/** A claim of a dead worker and, with a script, the container that runs it. */
async function leave(fixture: WorkerFixture, sealing: Sealing, script?: string): Promise<Left> {
  const taskId = `earlier-${randomToken()}`;
  const attempt = randomToken();
  const execution = { taskId, executionId: "1" };
  const records = fixture.recordsOf(DEAD);
  const claim = recordNames.claim(fixture.workerId, execution);
  await createVolume(records.engine, claim, sealing(claim, executionLabels("claim", records, execution, attempt)));
  fixture.oz.knowAbout(taskId, "1");
  if (script === undefined) return { taskId, attempt };
  const name = taskContainerName(fixture.workerId, execution);
  const container = await fixture.environment.docker.createContainer({
    name,
    Image: fixture.image,
    Cmd: ["sh", "-c", script],
    Labels: { ...sealing(name, executionLabels("task", records, execution, attempt)) },
  });
  await container.start();
  return { taskId, attempt };
}

/** A further record of an attempt, under the name that the version before gave it. */
async function record(
  fixture: WorkerFixture,
  { taskId, attempt }: Left,
  kind: "done" | "verdict",
  more: LabelMap = {},
) {
  const records = fixture.recordsOf(DEAD);
  const labels = executionLabels(kind, records, { taskId, executionId: "1" }, attempt);
  await createVolume(records.engine, `oz-agent-worker.${kind}.${attempt}`, { ...labels, ...more });
}

async function untilNothingIsLeft(fixture: WorkerFixture, { taskId, attempt }: Left): Promise<void> {
  await fixture.untilCleared(taskId);
  const filters = JSON.stringify({ label: [`${LABELS.attempt}=${attempt}`] });
  const volumes = async () => (await fixture.environment.docker.listVolumes({ filters })).Volumes ?? [];
  for (let waited = 0; waited < 5_000 && (await volumes()).length > 0; waited += 50) await Bun.sleep(50);
  expect(await volumes()).toEqual([]);
}

test.each([
  ["a version without seals", unsealed],
  ["another API key", anotherKey],
])(
  "of %s: tasks that run, that have ended and that never began are taken over, once",
  async (_, sealing) => {
    await using fixture = await WorkerFixture.start("earlier", { started: false });
    const running = await leave(fixture, sealing, "sleep 3; exit 5");
    const ended = await leave(fixture, sealing, "exit 6");
    const claimed = await leave(fixture, sealing);
    await Promise.all([fixture.startWorker(), fixture.startWorker()]);
    const told = async ({ taskId }: Left) => (await fixture.oz.waitForResult(taskId, 20_000)).data;
    expect(await told(running)).toMatchObject({ exit_code: 5 });
    expect(await told(ended)).toMatchObject({ exit_code: 6 });
    expect(await told(claimed)).toMatchObject({ failure_reason: "unknown" });
    for (const one of [running, ended, claimed]) {
      await untilNothingIsLeft(fixture, one);
      expect(fixture.oz.typesOf(one.taskId)).toEqual(["task_claimed", "task_failed"]);
    }
    // It can run again.
    await fixture.killWorker();
    await fixture.startWorker().waitForLine(/listening for tasks/);
    expect(fixture.oz.typesOf(ended.taskId)).toHaveLength(2);
  },
  60_000,
);

test("a verdict of the version before counts, and what it has marked as done is told to nobody", async () => {
  await using fixture = await WorkerFixture.start("earlier-records", { started: false });
  const stopped = await leave(fixture, unsealed, "exit 143");
  const verdict = JSON.stringify({ kind: "stopped", cause: "cancelled" });
  await record(fixture, stopped, "verdict", { [LABELS.verdict]: verdict });
  const done = await leave(fixture, unsealed, "exit 0");
  await record(fixture, done, "done");
  await fixture.startWorker().waitForLine(/listening for tasks/);
  expect((await fixture.oz.waitForResult(stopped.taskId)).data).toMatchObject({ task_state: "CANCELLED" });
  await untilNothingIsLeft(fixture, stopped);
  await untilNothingIsLeft(fixture, done);
  expect(fixture.oz.typesOf(done.taskId)).toEqual([]);
});

test("what comes after the worker's start is left alone until the next one's", async () => {
  await using fixture = await WorkerFixture.start("earlier-late");
  await Bun.sleep(1_100);
  const late = await leave(fixture, unsealed, "exit 7");
  await fixture.worker.waitForLine(/made without this worker's API key, after its start/, 40_000);
  expect(fixture.oz.typesOf(late.taskId)).toEqual([]);
  await fixture.killWorker();
  await fixture.startWorker().waitForLine(/listening for tasks/);
  expect((await fixture.oz.waitForResult(late.taskId)).data).toMatchObject({ exit_code: 7 });
  await untilNothingIsLeft(fixture, late);
}, 60_000);

test("a container alone, without a claim, is told to nobody, with whatever name and labels", async () => {
  await using fixture = await WorkerFixture.start("earlier-alone", { started: false });
  const records = fixture.recordsOf(DEAD);
  const execution = { taskId: "alone", executionId: "1" };
  const labels = executionLabels("task", records, execution, randomToken());
  const exactName = taskContainerName(fixture.workerId, execution);
  const container = await tenant.run(fixture.image, "exit 0", { exactName, labels });
  await container.wait();
  await fixture.startWorker().waitForLine(/listening for tasks/);
  expect((await fixture.run("exit 0")).type).toBe("task_completed");
  expect(fixture.oz.typesOf("alone")).toEqual([]);
  expect(await tenant.missing()).toEqual([]);
  await tenant.removeAll();
});

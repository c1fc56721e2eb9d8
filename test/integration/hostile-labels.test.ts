import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type Docker from "dockerode";
import { LABELS, type LabelMap } from "../../src/docker/records/labels.ts";
import { randomToken, recordNames, taskContainerName } from "../../src/docker/records/object-names.ts";
import { currentOwner, encodeOwner } from "../../src/host/owner.ts";
import { copiedSidecars } from "../support/copied-sidecars.ts";
import { testEnvironment } from "../support/environment.ts";
import { agentImage, sidecarImage } from "../support/images.ts";
import { untilSwept } from "../support/sweep.ts";
import { Tenant } from "../support/tenant.ts";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

/** Labels that images, containers and volumes of others may have: a worker acts on none of them. */

const DEAD = { ...currentOwner(), pid: 2 ** 22 + 3, start: "1" };
const { docker } = testEnvironment();
let tenant: Tenant;
beforeAll(() => {
  tenant = new Tenant(testEnvironment());
});
afterAll(() => tenant[Symbol.asyncDispose]());

describe("an image's labels", () => {
  test("of a helper whose worker is dead: its running container stays, and the volume with its data", async () => {
    await using fixture = await WorkerFixture.start("label-helper", { started: false });
    const labels = { [LABELS.kind]: "sidecar-source", [LABELS.owner]: encodeOwner(DEAD), [LABELS.createdAt]: "0" };
    const image = await agentImage(fixture.environment, "tenant-helper", { labels });
    await tenant.pull(image.reference);
    const volume = await tenant.volume("tenant-data", {});
    const container = await tenant.run(image.reference, "sleep 1000", { binds: [`${volume}:/data`] });
    fixture.startWorker();
    await untilSwept(fixture);
    expect((await container.inspect()).State.Running).toBe(true);
    await docker.getVolume(volume).inspect();
    expect(await tenant.missing()).toEqual([]);
    const tags = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
    expect(tags).toContain(image.reference);
  }, 60_000);

  test("of a task, committed from its container: a container of it is neither told nor removed, and the true end is told", async () => {
    await using fixture = await WorkerFixture.start("label-task");
    const data = await fixture.runUntilReady("echo ready; sleep 6; exit 7");
    const real = await fixture.untilReady(data.task_id);
    const image = await tenant.commit(real, "committed-task");
    await fixture.killWorker();
    const ended = await tenant.run(image, "exit 0", { name: "ended" });
    await ended.wait();
    const running = await tenant.run(image, "sleep 1000", { name: "running" });
    fixture.startWorker();
    const { data: said } = await fixture.oz.waitForResult(data.task_id);
    expect(said).toMatchObject({ exit_code: 7 });
    expect(fixture.oz.typesOf(data.task_id)).toEqual(["task_claimed", "task_claimed", "task_failed"]);
    await fixture.oz.waitForConfirmation(data.task_id);
    await untilSwept(fixture);
    expect((await ended.inspect()).State.ExitCode).toBe(0);
    expect((await running.inspect()).State.Running).toBe(true);
    await tenant.removeAll();
  }, 60_000);
});

describe("a volume's labels", () => {
  test("that call a running task done, under any name: the task runs on", async () => {
    await using fixture = await WorkerFixture.start("label-done");
    const data = await fixture.runUntilReady(OBEDIENT);
    const real = await fixture.untilReady(data.task_id);
    const { Labels } = (await real.inspect()).Config;
    const attempt = Labels[LABELS.attempt] ?? "";
    const done = { ...Labels, [LABELS.kind]: "done", [LABELS.owner]: encodeOwner(DEAD), [LABELS.createdAt]: "0" };
    await tenant.volume("any-name", done);
    await tenant.volume(`oz-agent-worker.done.${attempt}`, done);
    const second = fixture.startWorker();
    await fixture.oz.waitForLink(10_000, 2);
    await untilSwept(fixture);
    expect((await real.inspect()).State.Running).toBe(true);
    expect(await tenant.missing()).toEqual([]);
    await fixture.stopWorker(second);
    await fixture.oz.cancel(data.task_id);
    expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ task_state: "CANCELLED" });
    await fixture.untilCleared(data.task_id);
    await tenant.removeAll();
  }, 60_000);
});

describe("an owner's container id", () => {
  test.each(["%zz", "x/export?x=", "../containers"])(
    "that is none, %p, leads nowhere: what dead workers left is cleared away",
    async (id) => {
      await using fixture = await WorkerFixture.start("label-owner", { started: false });
      const owner = JSON.stringify({ ...DEAD, container: { id, startedAt: "" } });
      const labels = { [LABELS.kind]: "sidecar-source", [LABELS.owner]: owner };
      await tenant.pull(fixture.image);
      await tenant.run(fixture.image, "sleep 1000", { labels, name: `a-${randomToken()}` });
      await tenant.volume(`owner-${randomToken()}`, { ...labels, [LABELS.kind]: "sidecar" });
      fixture.startWorker();
      await untilSwept(fixture);
      expect(await tenant.missing()).toEqual([]);
      await tenant.removeAll();
    },
    60_000,
  );
});

describe("what was made in advance is never used", () => {
  test("the claim: the task is rejected in plain words, and taken once it is gone", async () => {
    await using fixture = await WorkerFixture.start("advance-claim");
    const data = fixture.task("exit 4");
    const execution = { taskId: data.task_id, executionId: data.execution_id ?? "" };
    const labels = taskLabels(fixture.workerId, data.task_id, data.execution_id ?? "", encodeOwner(DEAD));
    const name = await tenant.volume(recordNames.claim(fixture.workerId, execution), labels);
    await fixture.oz.assign(data);
    const { data: said } = await fixture.oz.waitForMessage("task_rejected", data.task_id);
    expect(said.reason).toContain("API key");
    expect(fixture.worker.lines.join("\n")).toContain(name);
    expect(await tenant.missing()).toEqual([]);
    await tenant.removeAll();
    await fixture.oz.assign(data);
    expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ exit_code: 4 });
    await fixture.untilCleared(data.task_id);
  });

  test("the container: the task has another name, and that one is left alone", async () => {
    await using fixture = await WorkerFixture.start("advance-container");
    const data = fixture.task("exit 4");
    const execution = { taskId: data.task_id, executionId: data.execution_id ?? "" };
    const labels = taskLabels(fixture.workerId, data.task_id, data.execution_id ?? "", encodeOwner(DEAD));
    await tenant.pull(fixture.image);
    const name = taskContainerName(fixture.workerId, execution);
    const taken = await tenant.run(fixture.image, "exit 0", { exactName: name, labels });
    await taken.wait();
    await fixture.oz.assign(data);
    expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ exit_code: 4 });
    await fixture.oz.waitForConfirmation(data.task_id);
    expect((await taken.inspect()).State.ExitCode).toBe(0);
    await tenant.removeAll();
    await fixture.untilCleared(data.task_id);
  });

  test("a task under another name is taken over by it", async () => {
    await using fixture = await WorkerFixture.start("advance-spare");
    const data = fixture.task("echo ready; sleep 3; exit 6");
    const name = taskContainerName(fixture.workerId, { taskId: data.task_id, executionId: data.execution_id ?? "" });
    await tenant.pull(fixture.image);
    await tenant.run(fixture.image, "exit 0", { exactName: name });
    await fixture.oz.assign(data);
    await fixture.untilReady(data.task_id);
    await fixture.killWorker();
    fixture.startWorker();
    expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ exit_code: 6 });
    await fixture.untilCleared(data.task_id);
    await tenant.removeAll();
  });

  test("a published sidecar, as a version before makes it: its content reaches no task", async () => {
    const env = await copiedSidecars(docker);
    await using fixture = await WorkerFixture.start("advance-sidecar", { env });
    const image = await sidecarImage(fixture.environment, {
      name: "advance-sidecar",
      files: [{ path: "content", content: "true" }],
    });
    await tenant.pull(image.reference);
    await tenant.pull(fixture.image);
    const volume = await tenant.volume(`oz-agent-worker.sidecar.${randomToken()}`, {
      [LABELS.kind]: "sidecar",
      [LABELS.imageId]: image.id,
      [LABELS.owner]: encodeOwner(DEAD),
    });
    const hostile = await tenant.run(fixture.image, "echo hostile > /v/content", { binds: [`${volume}:/v`] });
    await hostile.wait();
    await docker.createContainer({
      name: `oz-agent-worker.sidecar.${image.id.replace(":", "-")}`,
      Image: image.reference,
      Cmd: ["-"],
      Labels: {
        [LABELS.kind]: "sidecar",
        [LABELS.owner]: encodeOwner(DEAD),
        [LABELS.imageId]: image.id,
        [LABELS.imageReference]: image.reference,
        [LABELS.volume]: volume,
      },
      HostConfig: { Mounts: [{ Type: "volume", Source: volume, Target: "/v", VolumeOptions: mountedAsItIs } as never] },
    });
    const parts = { additional_sidecars: [{ image: image.reference, mount_path: "/opt/side" }] };
    const { data } = await fixture.run(`test "$(cat /opt/side/content)" = true`, parts);
    expect(data).toMatchObject({ message: "Task completed successfully" });
    await docker.getContainer(`oz-agent-worker.sidecar.${image.id.replace(":", "-")}`).remove();
    await tenant.removeAll();
  });
});

test("a task's container that an operator renames is told by its true end, and cleared away", async () => {
  await using fixture = await WorkerFixture.start("renamed");
  const data = await fixture.runUntilReady("echo ready; sleep 1; exit 5");
  const container: Docker.Container = await fixture.untilReady(data.task_id);
  await container.rename({ name: fixture.environment.name(`renamed-${randomToken()}`) });
  expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ exit_code: 5 });
  await fixture.untilCleared(data.task_id);
});

const mountedAsItIs = { NoCopy: true };

/** Labels of a task's record as anybody may write them. */
function taskLabels(workerId: string, taskId: string, executionId: string, owner: string): LabelMap {
  return {
    [LABELS.kind]: "claim",
    [LABELS.workerId]: workerId,
    [LABELS.taskId]: taskId,
    [LABELS.executionId]: executionId,
    [LABELS.attempt]: randomToken(),
    [LABELS.owner]: owner,
    [LABELS.createdAt]: String(Date.now()),
  };
}

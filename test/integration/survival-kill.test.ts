import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copiedSidecars } from "../support/copied-sidecars.ts";
import { DockerRelay } from "../support/docker-relay.ts";
import { testEnvironment } from "../support/environment.ts";
import { agentImage, bigSidecarImage } from "../support/images.ts";
import { registryRelay } from "../support/registry-relay.ts";
import { until } from "../support/until.ts";
import { OBEDIENT, STUBBORN, WorkerFixture } from "../support/worker-fixture.ts";

let docker: DockerRelay;
let fixture: WorkerFixture;
beforeAll(async () => {
  const environment = testEnvironment();
  docker = await DockerRelay.start(environment.dockerHost);
  const env = { DOCKER_HOST: docker.address, ...(await copiedSidecars(environment.docker)) };
  fixture = await WorkerFixture.start("kill", { env });
});
afterAll(async () => {
  await fixture.close();
  docker[Symbol.dispose]();
});

async function nextWorker(): Promise<void> {
  const links = fixture.oz.openedLinks;
  fixture.startWorker();
  await fixture.oz.waitFor("the next worker's link", () => fixture.oz.openedLinks > links || undefined);
}

/** Waits until a container of the task has ended. */
async function untilEnded(taskId: string): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if ((await fixture.containers(taskId)).some(({ State }) => State === "exited")) return;
    await Bun.sleep(50);
  }
  throw new Error(`${taskId} did not end`);
}

describe("a worker killed", () => {
  test("with tasks running: the next one waits for them, and the task can run again", async () => {
    const script = (code: number) => `echo ready; sleep 2; exit ${code}`;
    const [good, bad] = await Promise.all([fixture.runUntilReady(script(0)), fixture.runUntilReady(script(7))]);
    await fixture.killWorker();
    await nextWorker();
    expect((await fixture.oz.waitForResult(good.task_id)).type).toBe("task_completed");
    const { data } = await fixture.oz.waitForResult(bad.task_id);
    expect(data).toMatchObject({ failure_reason: "container_exit", exit_code: 7 });
    expect(fixture.oz.typesOf(good.task_id)).toEqual(["task_claimed", "task_claimed", "task_completed"]);
    await fixture.untilCleared(good.task_id);
    const again = fixture.task("exit 4", { task_id: good.task_id, execution_id: "again" });
    await fixture.oz.assign(again);
    const { data: second } = await fixture.oz.waitForMessage("task_failed", good.task_id);
    expect(second).toMatchObject({ exit_code: 4 });
    await fixture.untilCleared(good.task_id);
  });

  test("with tasks that end while it is down: their true codes within seconds, and their output in the log", async () => {
    const data = await fixture.runUntilReady("echo ready; sleep 1; echo the last words; exit 9");
    await fixture.killWorker();
    await untilEnded(data.task_id);
    const startedAt = performance.now();
    await nextWorker();
    const result = await fixture.oz.waitForResult(data.task_id);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(result.data).toMatchObject({ failure_reason: "container_exit", exit_code: 9 });
    await fixture.worker.waitForLine(/the last words/);
    await fixture.untilCleared(data.task_id);
  });

  test("during a pull: the task fails by name, once", async () => {
    const image = await agentImage(fixture.environment, "survival-pull");
    const { relay: registry, through } = await registryRelay(fixture.environment);
    registry.freeze();
    const data = fixture.task("exit 0", { docker_image: through(image.reference) });
    await fixture.oz.assign(data);
    await until("the daemon asks the registry", () => registry.accepted > 0);
    await fixture.killWorker();
    registry.thaw();
    await nextWorker();
    const result = await fixture.oz.waitForResult(data.task_id);
    expect(result.data).toMatchObject({ failure_reason: "unknown" });
    expect(result.data.message).toContain("the worker that had claimed the task");
    await fixture.oz.waitForConfirmation(data.task_id);
    registry.stop();
  });

  test("during a sidecar's copy: nobody ever sees the half of it", async () => {
    const big = await bigSidecarImage(fixture.environment, { name: "survival-copy", megabytes: 60, fileCount: 30 });
    const copying = docker.next(/^PUT \S*\/archive/, "hold");
    const broken = fixture.task("exit 0", { sidecar_image: big.reference });
    await fixture.oz.assign(broken);
    await copying;
    await fixture.killWorker();
    await nextWorker();
    expect((await fixture.oz.waitForResult(broken.task_id)).data).toMatchObject({ failure_reason: "unknown" });
    const script = "cd /agent && sha256sum -c -s SHA256SUMS";
    expect((await fixture.run(script, { sidecar_image: big.reference })).type).toBe("task_completed");
  });

  test("between create and start: the task fails by name and its container goes", async () => {
    const starting = docker.next(/^POST \S*\/start/, "hold");
    const data = fixture.task("exit 0");
    await fixture.oz.assign(data);
    await starting;
    await fixture.killWorker();
    await nextWorker();
    const result = await fixture.oz.waitForResult(data.task_id);
    expect(result.data).toMatchObject({ failure_reason: "container_start" });
    await fixture.untilCleared(data.task_id);
  });

  test("while it carried out a cancellation: the next one ends it and reports CANCELLED", async () => {
    const data = await fixture.runUntilReady(STUBBORN);
    const stopping = docker.next(/^POST \S*\/kill/, "hold");
    await fixture.oz.cancel(data.task_id);
    await stopping;
    await fixture.killWorker();
    await nextWorker();
    const { data: said } = await fixture.oz.waitForResult(data.task_id);
    expect(said).toMatchObject({ task_state: "CANCELLED" });
    await fixture.untilCleared(data.task_id);
  });

  test("with results that Oz has not read: the next one brings them, that of a pull that failed too", async () => {
    const ended = fixture.task("echo ready; sleep 1; exit 6");
    const missing = fixture.task("exit 0", { docker_image: `${fixture.environment.registry}/nothing/here:1` });
    await fixture.oz.assign(ended);
    await fixture.untilReady(ended.task_id);
    const held = docker.next(/^POST \S*\/images\/create\S*nothing/, "lose-answer");
    await fixture.oz.assign(missing);
    await held;
    await fixture.oz.goAway();
    await fixture.worker.waitForLine(new RegExp(`task failed task=${missing.task_id}.*image_pull`));
    await fixture.worker.waitForLine(new RegExp(`task failed task=${ended.task_id}.*exitCode=6`));
    // The verdict is on its way to the daemon when the log has the line, or was there before.
    await fixture.killWorker();
    fixture.oz.comeBack();
    await nextWorker();
    expect((await fixture.oz.waitForResult(ended.task_id)).data).toMatchObject({ exit_code: 6 });
    expect((await fixture.oz.waitForResult(missing.task_id)).data).toMatchObject({ failure_reason: "image_pull" });
    await fixture.untilCleared(ended.task_id);
  });
});

describe("a task that was taken over", () => {
  async function takenOver(script: string) {
    const data = await fixture.runUntilReady(script);
    await fixture.killWorker();
    await nextWorker();
    await fixture.oz.waitForMessage("task_claimed", data.task_id, 10_000, 2);
    return data;
  }

  test("and is delivered again is claimed again and not run again", async () => {
    const data = await takenOver("echo ready; sleep 2; exit 3");
    await fixture.oz.redeliver(data.task_id);
    await fixture.oz.waitForMessage("task_claimed", data.task_id, 10_000, 3);
    expect(await fixture.containers(data.task_id)).toHaveLength(1);
    expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ exit_code: 3 });
    await fixture.untilCleared(data.task_id);
    expect(fixture.oz.typesOf(data.task_id).filter((type) => type === "task_failed")).toHaveLength(1);
  });

  test("can be cancelled", async () => {
    const data = await takenOver(OBEDIENT);
    await fixture.oz.cancel(data.task_id);
    expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ task_state: "CANCELLED" });
    await fixture.untilCleared(data.task_id);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { DockerRelay } from "../support/docker-relay.ts";
import { testEnvironment } from "../support/environment.ts";
import { agentImage } from "../support/images.ts";
import { PrivateDockerd } from "../support/private-dockerd.ts";
import { registryRelay } from "../support/registry-relay.ts";
import { until } from "../support/until.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

for (const liveRestore of [false, true])
  describe(`a daemon ${liveRestore ? "with" : "without"} live-restore`, () => onDaemon(liveRestore));

function onDaemon(liveRestore: boolean): void {
  let dockerd: PrivateDockerd;
  let fixture: WorkerFixture;
  beforeAll(async () => {
    dockerd = await PrivateDockerd.start({ mark: testEnvironment().run, liveRestore });
    fixture = await WorkerFixture.start("daemon", { env: { DOCKER_HOST: dockerd.address }, docker: dockerd.docker });
  }, 60_000);
  afterAll(async () => {
    await fixture.close();
    await dockerd.stop();
  }, 60_000);

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    test(`goes down by ${signal} with a task running: its true end is reported, new work is rejected meanwhile`, async () => {
      const { worker, oz } = fixture;
      const from = worker.lines.length;
      const data = await fixture.runUntilReady(`trap 'exit 3' TERM; echo ready; sleep 4 & wait; exit 5`);
      await dockerd.down(signal);
      await worker.waitForLine(/the Docker daemon does not answer/, 10_000, from);
      const rejected = fixture.task("exit 0");
      await oz.assign(rejected);
      const { data: said } = await oz.waitForMessage("task_rejected", rejected.task_id);
      expect(said.reason).toBe("the worker's Docker daemon does not answer");
      await dockerd.up();
      await worker.waitForLine(/the Docker daemon answers again/, 20_000, from);
      const { data: end } = await oz.waitForResult(data.task_id, 20_000);
      expect(end).toMatchObject({ failure_reason: "container_exit" });
      if (liveRestore) expect(end.exit_code).toBe(5);
      else expect([3, 137, 143, 255]).toContain(Number(end.exit_code));
      expect(worker.lines.slice(from).filter((line) => line.includes("does not answer: "))).toHaveLength(1);
      expect((await fixture.run("exit 0")).type).toBe("task_completed");
      expect(oz.openedLinks).toBe(1);
    }, 60_000);
  }

  test("is restarted in the middle of a pull: the pull is made again", async () => {
    const image = await agentImage(fixture.environment, `daemon-pull-${liveRestore}`);
    const { relay: registry, through } = await registryRelay(fixture.environment);
    registry.freeze();
    const data = fixture.task("exit 0", { docker_image: through(image.reference) });
    await fixture.oz.assign(data);
    await until("the daemon asks the registry", () => registry.accepted > 0);
    await dockerd.down("SIGTERM");
    registry.thaw();
    await dockerd.up();
    expect((await fixture.oz.waitForResult(data.task_id, 30_000)).type).toBe("task_completed");
    registry.stop();
  }, 60_000);
}

describe("a way to the daemon that misbehaves", () => {
  let relay: DockerRelay;
  let fixture: WorkerFixture;
  beforeAll(async () => {
    relay = await DockerRelay.start(testEnvironment().dockerHost);
    fixture = await WorkerFixture.start("hanging", { env: { DOCKER_HOST: relay.address } });
  });
  afterAll(async () => {
    relay.thaw();
    await fixture.close();
    relay[Symbol.dispose]();
  });

  test("loses the answer to a create, or to a start: the container is found again, and runs once", async () => {
    for (const lost of [/^POST \S*\/containers\/create/, /^POST \S*\/start/]) {
      const met = relay.next(lost, "lose-answer");
      const { data } = await fixture.run("exit 8");
      await met;
      expect(data).toMatchObject({ exit_code: 8 });
    }
  });

  test("breaks every connection: who waits goes on waiting", async () => {
    const data = await fixture.runUntilReady("echo ready; sleep 2; exit 6");
    relay.cut();
    expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ exit_code: 6 });
  });

  test("hangs: an assignment is rejected in time, and taken when it hangs no more", async () => {
    relay.freeze();
    const data = fixture.task("exit 0");
    const startedAt = performance.now();
    await fixture.oz.assign(data);
    const { data: said } = await fixture.oz.waitForMessage("task_rejected", data.task_id, 15_000);
    expect(said.reason).toBe("the worker's Docker daemon does not answer");
    expect(performance.now() - startedAt).toBeLessThan(12_000);
    await fixture.worker.waitForLine(/the Docker daemon does not answer/, 10_000);
    relay.thaw();
    await fixture.worker.waitForLine(/the Docker daemon answers again/, 10_000);
    await fixture.oz.assign(data);
    expect((await fixture.oz.waitForResult(data.task_id, 20_000)).type).toBe("task_completed");
  });

  test("hangs while the worker is told to stop: it ends within 15 s and says what stays", async () => {
    const data = await fixture.runUntilReady("echo ready; sleep 1000");
    relay.freeze();
    const startedAt = performance.now();
    expect((await fixture.stopWorker()).code).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(fixture.worker.lines.join("\n")).toContain(
      `it stays on the Docker daemon for the next start task=${data.task_id}`,
    );
    relay.thaw();
    fixture.startWorker();
    await fixture.oz.waitForMessage("task_claimed", data.task_id, 10_000, 2);
    await fixture.oz.cancel(data.task_id);
    expect((await fixture.oz.waitForResult(data.task_id, 20_000)).data.task_id).toBe(data.task_id);
    await fixture.untilCleared(data.task_id);
  }, 60_000);
});

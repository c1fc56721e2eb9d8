import { expect, test } from "bun:test";
import { LABELS } from "../../src/docker/records/labels.ts";
import { DockerRelay } from "../support/docker-relay.ts";
import { testEnvironment } from "../support/environment.ts";
import { PrivateDockerd } from "../support/private-dockerd.ts";
import { registryRelay } from "../support/registry-relay.ts";
import { until } from "../support/until.ts";
import { OBEDIENT, STUBBORN, WorkerFixture } from "../support/worker-fixture.ts";

test("forty tasks that ignore SIGTERM: all are ended, reported and cleared away within 15 s", async () => {
  await using fixture = await WorkerFixture.start("forty-stubborn");
  const tasks = Array.from({ length: 40 }, () => fixture.task(STUBBORN));
  for (const data of tasks) await fixture.oz.assign(data);
  await Promise.all(tasks.map((data) => fixture.untilReady(data.task_id, undefined, 60_000)));
  const startedAt = performance.now();
  expect((await fixture.stopWorker()).code).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  for (const { task_id } of tasks) {
    expect((await fixture.oz.waitForResult(task_id)).data).toMatchObject({ failure_reason: "graceful_shutdown" });
  }
  // What could not be removed in time is marked as reported: the next worker removes it, and says nothing.
  fixture.startWorker();
  await fixture.oz.waitForLink();
  await Promise.all(tasks.map((data) => fixture.untilCleared(data.task_id, 20_000)));
}, 120_000);

test("with Docker away: it ends within 15 s, says what stays, and the next worker reports it", async () => {
  await using dockerd = await PrivateDockerd.start({ mark: testEnvironment().run, liveRestore: true });
  await using fixture = await WorkerFixture.start("docker-away", {
    env: { DOCKER_HOST: dockerd.address },
    docker: dockerd.docker,
  });
  const data = await fixture.runUntilReady(OBEDIENT);
  await dockerd.down("SIGTERM");
  const startedAt = performance.now();
  expect((await fixture.stopWorker()).code).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  expect(fixture.worker.lines.join("\n")).toContain(
    `stays on the Docker daemon for the next start task=${data.task_id}`,
  );
  await dockerd.up();
  fixture.startWorker();
  await fixture.oz.waitForMessage("task_claimed", data.task_id, 20_000, 2);
  await fixture.oz.cancel(data.task_id);
  expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ task_state: "CANCELLED" });
  await fixture.untilCleared(data.task_id);
}, 90_000);

test("with Docker away before a task is started: one report in all, by the next worker", async () => {
  await using dockerd = await PrivateDockerd.start({ mark: testEnvironment().run });
  await using fixture = await WorkerFixture.start("docker-away-early", {
    env: { DOCKER_HOST: dockerd.address },
    docker: dockerd.docker,
  });
  const { relay: registry, through } = await registryRelay(fixture.environment);
  registry.freeze();
  const data = fixture.task("exit 0", { docker_image: through(fixture.image) });
  await fixture.oz.assign(data);
  await until("the daemon asks the registry", () => registry.accepted > 0);
  // The pull is begun beside the claim.
  await fixture.oz.waitForMessage("task_claimed", data.task_id);
  await dockerd.down("SIGKILL");
  expect((await fixture.stopWorker()).code).toBe(0);
  registry.stop();
  expect(fixture.oz.typesOf(data.task_id)).toEqual(["task_claimed"]);
  await dockerd.up();
  fixture.startWorker();
  expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ failure_reason: "unknown" });
  await fixture.untilCleared(data.task_id);
  expect(fixture.oz.typesOf(data.task_id)).toEqual(["task_claimed", "task_claimed", "task_failed"]);
}, 90_000);

test("with Docker gone silent on a claim: nothing is rejected, and the next worker reports it", async () => {
  const { dockerHost, docker } = testEnvironment();
  using relay = await DockerRelay.start(dockerHost);
  await using fixture = await WorkerFixture.start("docker-silent", { env: { DOCKER_HOST: relay.address } });
  const data = fixture.task("exit 0");
  const claim = relay.next(/^POST .*\/volumes\/create/, "lose-answer");
  await fixture.oz.assign(data);
  await claim;
  relay.freeze();
  const filters = { label: [`${LABELS.taskId}=${data.task_id}`] };
  await until("the claim", async () => ((await docker.listVolumes({ filters })).Volumes ?? []).length > 0);
  expect((await fixture.stopWorker()).code).toBe(0);
  expect(fixture.oz.typesOf(data.task_id)).toEqual([]);
  relay.cut();
  relay.thaw();
  fixture.startWorker();
  expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ failure_reason: "unknown" });
  await fixture.untilCleared(data.task_id);
  expect(fixture.oz.typesOf(data.task_id)).toEqual(["task_claimed", "task_failed"]);
}, 60_000);

import { afterAll, beforeAll, expect, test } from "bun:test";
import { LABELS } from "../../src/docker/records/labels.ts";
import { copiedSidecars } from "../support/copied-sidecars.ts";
import { CreationWatch } from "../support/daemon-events.ts";
import { DockerRelay } from "../support/docker-relay.ts";
import { testEnvironment } from "../support/environment.ts";
import { agentImage, bigSidecarImage, testImage } from "../support/images.ts";
import { registryRelay } from "../support/registry-relay.ts";
import type { Relay } from "../support/relay.ts";
import { until } from "../support/until.ts";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

let fixture: WorkerFixture;
let registry: Relay;
let slowly: (reference: string) => string;
beforeAll(async () => {
  fixture = await WorkerFixture.start("stages", { env: await copiedSidecars(testEnvironment().docker) });
  ({ relay: registry, through: slowly } = await registryRelay(fixture.environment));
});
afterAll(async () => {
  registry.thaw();
  await fixture.close();
  registry.stop();
});

async function expectCancelled(taskId: string, withinMs = 5_000): Promise<void> {
  const startedAt = performance.now();
  await fixture.oz.cancel(taskId);
  const { data } = await fixture.oz.waitForResult(taskId, 20_000);
  expect(data).toMatchObject({ task_state: "CANCELLED" });
  expect(performance.now() - startedAt).toBeLessThan(withinMs);
  await fixture.untilCleared(taskId);
}

test("in the middle of a pull; who waits for the same image is not disturbed", async () => {
  const image = await agentImage(fixture.environment, "slow");
  registry.freeze();
  const before = registry.accepted;
  const [cancelled, other] = [0, 1].map(() => fixture.task("exit 0", { docker_image: slowly(image.reference) }));
  if (cancelled === undefined || other === undefined) throw new Error("two tasks");
  await fixture.oz.assign(cancelled);
  await fixture.oz.assign(other);
  await fixture.oz.waitForMessage("task_claimed", other.task_id);
  await until("the daemon asks the registry", () => registry.accepted > before);
  await expectCancelled(cancelled.task_id);
  registry.thaw();
  expect((await fixture.oz.waitForResult(other.task_id)).type).toBe("task_completed");
});

test("in the middle of a pull that nobody else waits for: the same image can be had afterwards", async () => {
  const image = await testImage(fixture.environment, "alone", {
    layers: [[{ path: "large", content: crypto.getRandomValues(new Uint8Array(65_536)) }]],
  });
  registry.freeze();
  const before = registry.accepted;
  const data = fixture.task("exit 0", {
    additional_sidecars: [{ image: slowly(image.reference), mount_path: "/opt/alone" }],
  });
  await fixture.oz.assign(data);
  await until("the daemon asks the registry", () => registry.accepted > before);
  await expectCancelled(data.task_id);
  registry.thaw();
  const { type } = await fixture.run("test -s /opt/alone/large", {
    additional_sidecars: [{ image: slowly(image.reference), mount_path: "/opt/alone" }],
  });
  expect(type).toBe("task_completed");
});

test("in the middle of the copy of a sidecar: nothing half-filled is used or left", async () => {
  const big = await bigSidecarImage(fixture.environment, { name: "cancelled-copy", megabytes: 100, fileCount: 50 });
  const parts = { sidecar_image: big.reference };
  const script = "cd /agent && sha256sum -c -s SHA256SUMS";
  const data = fixture.task(script, parts);
  using creations = await CreationWatch.start(fixture.environment.dockerHost);
  await fixture.oz.assign(data);
  await creations.waitFor(({ name }) => name.startsWith("oz-agent-worker.sidecar-source."));
  await expectCancelled(data.task_id);
  expect((await fixture.run(script, parts, 50_000)).type).toBe("task_completed");
});

test("right after the container was created", async () => {
  for (let i = 0; i < 3; i += 1) {
    const data = fixture.task(OBEDIENT);
    using creations = await CreationWatch.start(fixture.environment.dockerHost);
    await fixture.oz.assign(data);
    await creations.waitFor(({ labels }) => labels[LABELS.taskId] === data.task_id);
    await expectCancelled(data.task_id);
  }
});

test.each(["/containers/create", "/start"])(
  "while the daemon does not answer to %s: at once, and nothing stays",
  async (call) => {
    using relay = await DockerRelay.start(fixture.environment.dockerHost);
    await using own = await WorkerFixture.start("held", { env: { DOCKER_HOST: relay.address } });
    // The first task's sidecar is there: the next create is that of the task's container.
    expect((await own.run("exit 0")).type).toBe("task_completed");
    const held = relay.next(new RegExp(`^POST \\S*${call}[? ]`), "hold-until-release");
    const data = own.task(OBEDIENT);
    await own.oz.assign(data);
    await held;
    const startedAt = performance.now();
    await own.oz.cancel(data.task_id);
    const { data: end } = await own.oz.waitForResult(data.task_id, 20_000);
    expect(end).toMatchObject({ task_state: "CANCELLED" });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    relay.release();
    await own.untilCleared(data.task_id);
  },
);

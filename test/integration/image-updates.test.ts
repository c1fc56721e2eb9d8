import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { agentImage, sidecarImage } from "../support/images.ts";
import type { PushedImage } from "../support/push-image.ts";
import { type RegistryRelay, registryRelay } from "../support/registry-relay.ts";
import { until } from "../support/until.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

/**
 * What the registry has under a name is what a task runs with, whatever the name stood for on the daemon before. The
 * registry answers only when the container that the worker makes in advance is there.
 */

let fixture: WorkerFixture;
let registry: RegistryRelay;
beforeAll(async () => {
  fixture = await WorkerFixture.start("updates");
});
afterAll(() => fixture.close());
beforeEach(async () => {
  registry = await registryRelay(fixture.environment);
  return () => registry.relay.stop();
});

const marked = (name: string, mark: number): Promise<PushedImage> =>
  agentImage(fixture.environment, name, { layers: [[{ path: "mark", content: `${mark}\n` }]] });

/** The exit code of a task, whose pulls are answered once its container has been made. */
async function exitCodeOf(script: string, parts: Parameters<WorkerFixture["task"]>[1]): Promise<unknown> {
  registry.relay.freeze();
  const data = fixture.task(script, parts);
  await fixture.oz.assign(data);
  await until("the container in advance", async () => (await fixture.containers(data.task_id)).length > 0);
  registry.relay.thaw();
  const result = await fixture.oz.waitForResult(data.task_id);
  await fixture.untilCleared(data.task_id);
  return result.data.exit_code;
}

test("an image that was published anew", async () => {
  const parts = { docker_image: registry.through((await marked("published", 31)).reference) };
  const script = "exit $(cat /mark)";
  expect((await fixture.run(script, parts)).data.exit_code).toBe(31);
  await marked("published", 32);
  expect(await exitCodeOf(script, parts)).toBe(32);
  expect(await exitCodeOf(script, parts)).toBe(32);
});

test("a sidecar that was published anew", async () => {
  const publish = (mark: number) =>
    sidecarImage(fixture.environment, { name: "published-side", files: [{ path: "mark", content: `${mark}\n` }] });
  const parts = { sidecar_image: registry.through((await publish(33)).reference) };
  const script = "exit $(cat /agent/mark)";
  expect((await fixture.run(script, parts)).data.exit_code).toBe(33);
  await publish(34);
  expect(await exitCodeOf(script, parts)).toBe(34);
  expect(await exitCodeOf(script, parts)).toBe(34);
});

test("a name that somebody has given to another image since the last task", async () => {
  const { docker } = fixture.environment;
  const parts = { docker_image: registry.through((await marked("retagged", 35)).reference) };
  const script = "exit $(cat /mark)";
  expect((await fixture.run(script, parts)).data.exit_code).toBe(35);
  const other = await marked("retagged-other", 36);
  expect((await fixture.run(script, { docker_image: other.reference })).data.exit_code).toBe(36);
  const colon = parts.docker_image.lastIndexOf(":");
  const [repo, tag] = [parts.docker_image.slice(0, colon), parts.docker_image.slice(colon + 1)];
  await docker.getImage(other.reference).tag({ repo, tag });
  expect(await exitCodeOf(script, parts)).toBe(35);
  expect(await exitCodeOf(script, parts)).toBe(35);
});

test("a name that somebody has removed since the last task", async () => {
  const parts = { docker_image: registry.through((await marked("untagged", 37)).reference) };
  const script = "exit $(cat /mark)";
  expect((await fixture.run(script, parts)).data.exit_code).toBe(37);
  await fixture.environment.docker.getImage(parts.docker_image).remove({ force: true });
  expect((await fixture.run(script, parts)).data.exit_code).toBe(37);
});

test("a worker killed beside a container that it made in advance: one failure, and nothing stays", async () => {
  const parts = { docker_image: registry.through((await marked("killed", 38)).reference) };
  const first = await fixture.run("exit $(cat /mark)", parts);
  expect(first.data.exit_code).toBe(38);
  await fixture.untilCleared(first.taskId);
  registry.relay.freeze();
  const data = fixture.task("exit 0", parts);
  await fixture.oz.assign(data);
  await until("the container in advance", async () => (await fixture.containers(data.task_id)).length > 0);
  await fixture.killWorker();
  registry.relay.thaw();
  fixture.startWorker();
  const { data: said } = await fixture.oz.waitForResult(data.task_id);
  expect(said.message).toContain("the worker that had created it ended before it was started");
  await fixture.untilCleared(data.task_id);
  expect(fixture.oz.typesOf(data.task_id)).toEqual(["task_claimed", "task_claimed", "task_failed"]);
});

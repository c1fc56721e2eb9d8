import { describe, expect, test } from "bun:test";
import { executionLabels } from "../../src/docker/records/labels.ts";
import { createLedger } from "../../src/docker/records/ledger.ts";
import { randomToken, recordNames, taskContainerName } from "../../src/docker/records/object-names.ts";
import { currentOwner, type Owner } from "../../src/host/owner.ts";
import { agentImage } from "../support/images.ts";
import { registryRelay } from "../support/registry-relay.ts";
import { until } from "../support/until.ts";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

/** A task's container with its claim, as another worker of the same id and API key makes them. */
async function taskOf(fixture: WorkerFixture, taskId: string, owner: Owner, code: number) {
  const { docker } = fixture.environment;
  const execution = { taskId, executionId: "1" };
  const attempt = randomToken();
  const records = fixture.recordsOf(owner);
  const name = taskContainerName(fixture.workerId, execution);
  await createLedger(records).claim(execution, attempt);
  const container = await docker.createContainer({
    name,
    Image: fixture.image,
    Cmd: ["sh", "-c", `exit ${code}`],
    Labels: records.seals.seal(name, executionLabels("task", records, execution, attempt)),
    NetworkDisabled: true,
  });
  await container.start();
  await container.wait();
  return { container, name, claim: recordNames.claim(fixture.workerId, execution) };
}

async function restart(fixture: WorkerFixture): Promise<void> {
  await fixture.killWorker();
  fixture.startWorker();
}

describe("somebody removes a running container by hand", () => {
  test("the task fails at once, by name", async () => {
    await using fixture = await WorkerFixture.start("removed");
    const data = await fixture.runUntilReady(OBEDIENT);
    const container = await fixture.untilReady(data.task_id);
    await container.remove({ force: true });
    const { data: said } = await fixture.oz.waitForResult(data.task_id, 5_000);
    expect(said.message).toContain("was removed by somebody else");
  });

  test("and the worker is killed before Oz has read the result: the next one says the same", async () => {
    await using fixture = await WorkerFixture.start("removed-killed");
    const data = await fixture.runUntilReady(OBEDIENT);
    const container = await fixture.untilReady(data.task_id);
    await fixture.oz.goAway();
    await container.remove({ force: true });
    await fixture.worker.waitForLine(/task failed .*container_wait/);
    await restart(fixture);
    fixture.oz.comeBack();
    const { data: said } = await fixture.oz.waitForResult(data.task_id);
    expect(said.message).toContain("was removed by somebody else");
    await fixture.oz.waitForConfirmation(data.task_id);
  });

  test("while no worker runs: the next one says that nothing is left to tell", async () => {
    await using fixture = await WorkerFixture.start("removed-down");
    const data = await fixture.runUntilReady(OBEDIENT);
    const container = await fixture.untilReady(data.task_id);
    await fixture.killWorker();
    await container.remove({ force: true });
    fixture.startWorker();
    const { data: said } = await fixture.oz.waitForResult(data.task_id);
    expect(said).toMatchObject({ failure_reason: "unknown" });
    await fixture.oz.waitForConfirmation(data.task_id);
  });
});

test("a claim that is pruned while the image is pulled is made anew: a killed worker's task is told", async () => {
  await using fixture = await WorkerFixture.start("pruned-claim");
  const image = await agentImage(fixture.environment, "pruned-claim");
  const { relay: registry, through } = await registryRelay(fixture.environment);
  registry.freeze();
  const data = fixture.task("echo ready; sleep 3; exit 6", { docker_image: through(image.reference) });
  await fixture.oz.assign(data);
  await until("the daemon asks the registry", () => registry.accepted > 0);
  await fixture.oz.waitForMessage("task_claimed", data.task_id);
  const execution = { taskId: data.task_id, executionId: data.execution_id ?? "" };
  // As `docker volume prune` does on Docker 20.10.
  await fixture.environment.docker.getVolume(recordNames.claim(fixture.workerId, execution)).remove();
  registry.thaw();
  await fixture.untilReady(data.task_id);
  await restart(fixture);
  expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ exit_code: 6 });
  await fixture.untilCleared(data.task_id);
  registry.stop();
});

test("with --no-cleanup a container stays under its kept name and is not reported again", async () => {
  const fixture = await WorkerFixture.start("kept", { args: ["--no-cleanup"] });
  const { data } = await fixture.run("exit 5");
  expect(data).toMatchObject({ exit_code: 5 });
  const taskId = String(data.task_id);
  const isKept = async () => (await fixture.containers(taskId))[0]?.Names[0]?.includes("-kept-") === true;
  for (let waited = 0; waited < 5_000 && !(await isKept()); waited += 50) await Bun.sleep(50);
  await restart(fixture);
  await fixture.oz.waitForLink();
  expect((await fixture.run("exit 0")).type).toBe("task_completed");
  expect(fixture.oz.typesOf(taskId)).toEqual(["task_claimed", "task_failed"]);
  expect(await isKept()).toBe(true);
  for (const { Id } of await fixture.containers()) await fixture.environment.docker.getContainer(Id).remove();
  await fixture.close();
});

test("what belongs to a worker that cannot be judged is left alone, and the log says how to decide it", async () => {
  await using fixture = await WorkerFixture.start("undecided", { started: false });
  const { docker } = fixture.environment;
  await docker.pull(fixture.image).then((stream) => new Promise((done) => docker.modem.followProgress(stream, done)));
  const owner = { ...currentOwner(), pidNamespace: "pid:[1]" };
  const { container, name, claim } = await taskOf(fixture, "undecided", owner, 0);
  const worker = fixture.startWorker();
  const line = await worker.waitForLine(/is left alone/);
  for (const part of ["task=undecided", name, claim, "docker rm -f"]) expect(line).toContain(part);
  await fixture.oz.waitForLink();
  expect((await fixture.run("exit 0")).type).toBe("task_completed");
  expect(fixture.oz.typesOf("undecided")).toEqual([]);
  expect((await container.inspect()).State.Status).toBe("exited");
  await container.remove();
  await docker.getVolume(claim).remove();
});

test("forty ended containers of a dead worker are taken over in less than 3 s before the link is up", async () => {
  await using fixture = await WorkerFixture.start("forty", { started: false });
  const { docker } = fixture.environment;
  const owner = { ...currentOwner(), pid: 2 ** 22 + 1, start: "1" };
  await docker.pull(fixture.image).then((stream) => new Promise((done) => docker.modem.followProgress(stream, done)));
  const names = Array.from({ length: 40 }, (_, index) => `forty-${index}`);
  for (let from = 0; from < names.length; from += 8) {
    await Promise.all(names.slice(from, from + 8).map((task) => taskOf(fixture, task, owner, 3)));
  }
  for (const task of names) fixture.oz.knowAbout(task, "1");
  const worker = fixture.startWorker();
  await worker.waitForLine(/Docker daemon found/);
  const foundAt = performance.now();
  await fixture.oz.waitForLink();
  const tookMs = performance.now() - foundAt;
  const results = await Promise.all(names.map((task) => fixture.oz.waitForResult(task, 20_000)));
  expect(results.map(({ data }) => data.exit_code)).toEqual(names.map(() => 3));
  await Promise.all(names.map((task) => fixture.untilCleared(task, 30_000)));
  expect(tookMs).toBeLessThan(3_000);
}, 60_000);

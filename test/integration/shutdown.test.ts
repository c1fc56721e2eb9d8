import { describe, expect, test } from "bun:test";
import { agentImage } from "../support/images.ts";
import { Relay } from "../support/relay.ts";
import { until } from "../support/until.ts";
import { OBEDIENT, STUBBORN, WorkerFixture } from "../support/worker-fixture.ts";
import { startWorker } from "../support/worker-process.ts";

const SHUTDOWN = { failure_reason: "graceful_shutdown" };

/** The codes with which the links of this Oz were closed. */
function closeCodes(fixture: WorkerFixture): readonly number[] {
  return fixture.oz.events.flatMap((event) => (event.kind === "closed" ? [event.code] : []));
}

describe("with tasks", () => {
  test.concurrent("stops and reports each, sees the reports read, clears away and ends with 0 in 15 s", async () => {
    await using fixture = await WorkerFixture.start("shutdown");
    const [host = "", port] = fixture.environment.registry.split(":");
    const registry = await Relay.start({ host, port: Number(port) });
    registry.freeze();
    const image = (await agentImage(fixture.environment, "never-pulled")).reference;
    const pulling = fixture.task("exit 0", {
      docker_image: image.replace(fixture.environment.registry, `127.0.0.1:${registry.port}`),
    });
    await fixture.oz.assign(pulling);
    const tasks = [pulling, await fixture.runUntilReady(OBEDIENT), await fixture.runUntilReady(STUBBORN)];
    await until("the daemon asks the registry", () => registry.accepted > 0);

    const startedAt = performance.now();
    fixture.worker.kill("SIGTERM");
    await fixture.worker.waitForLine(/shutting down/);
    const late = fixture.task("exit 0");
    await fixture.oz.assign(late);
    const { data } = await fixture.oz.waitForMessage("task_rejected", late.task_id);
    expect(data.reason).toMatch(/shutting down/);

    expect((await fixture.worker.exited).code).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    registry.stop();
    for (const { task_id } of tasks) {
      const result = await fixture.oz.waitForResult(task_id);
      expect(result.data).toMatchObject(SHUTDOWN);
      await fixture.oz.waitForConfirmation(task_id);
    }
    expect(fixture.oz.typesOf(late.task_id)).toEqual(["task_rejected"]);
    expect(await fixture.containers()).toEqual([]);
    expect(closeCodes(fixture)).toEqual([1000]);
  });

  test.concurrent("while Oz is away it ends in 15 s all the same, and the next worker delivers what it could not", async () => {
    await using fixture = await WorkerFixture.start("oz-away");
    const { task_id } = await fixture.runUntilReady(OBEDIENT);
    await fixture.oz.goAway();
    const startedAt = performance.now();
    fixture.worker.kill("SIGTERM");
    const { code, stderr } = await fixture.worker.exited;
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`could not be delivered.*${task_id}`));

    fixture.oz.comeBack();
    fixture.startWorker();
    expect((await fixture.oz.waitForResult(task_id, 30_000)).data).toMatchObject(SHUTDOWN);
    await fixture.untilCleared(task_id);
  });

  test("SIGINT does the same; a task that ends by itself meanwhile is not reported twice", async () => {
    await using fixture = await WorkerFixture.start("sigint");
    const { task_id } = await fixture.runUntilReady(OBEDIENT);
    fixture.worker.kill("SIGINT");
    expect((await fixture.worker.exited).code).toBe(0);
    // The task's own code is told where it was seen.
    expect((await fixture.oz.waitForResult(task_id)).data).toMatchObject({ ...SHUTDOWN, exit_code: 3 });
    expect(fixture.oz.typesOf(task_id)).toEqual(["task_claimed", "task_failed"]);
    expect(closeCodes(fixture)).toEqual([1000]);
  });

  test("a second signal ends it at once; the next worker reports what was being stopped", async () => {
    await using fixture = await WorkerFixture.start("impatient");
    const { task_id } = await fixture.runUntilReady(STUBBORN);
    const impatient = fixture.worker;
    impatient.kill("SIGTERM");
    await impatient.waitForLine(/stopping the task's container/);
    const startedAt = performance.now();
    impatient.kill("SIGTERM");
    expect((await impatient.exited).code).not.toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(1_000);

    fixture.startWorker();
    expect((await fixture.oz.waitForResult(task_id, 30_000)).data).toMatchObject(SHUTDOWN);
    await fixture.untilCleared(task_id);
  });
});

describe("with nothing to do", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal} ends it in a moment, with 0 and close code 1000`, async () => {
      await using fixture = await WorkerFixture.start("idle");
      const startedAt = performance.now();
      fixture.worker.kill(signal);
      expect((await fixture.worker.exited).code).toBe(0);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      expect(closeCodes(fixture)).toEqual([1000]);
    });
  }

  test("also before the Docker daemon has answered", async () => {
    await using fixture = await WorkerFixture.start("early", { started: false });
    const silent = await Relay.start({ port: fixture.oz.port });
    silent.freeze();
    const env = { WARP_API_KEY: "wk-key", DOCKER_HOST: `tcp://127.0.0.1:${silent.port}` };
    const args = fixture.oz.flags();
    await using worker = startWorker({ args, env });
    await until("the worker asks the daemon", () => silent.accepted > 0);
    worker.kill("SIGTERM");
    expect((await worker.exited).code).toBe(0);
    silent.stop();
    expect(fixture.oz.openedLinks).toBe(0);
  });

  test("also before it was ever connected", async () => {
    await using fixture = await WorkerFixture.start("never-connected", { started: false });
    await fixture.oz.goAway();
    const worker = fixture.startWorker();
    await worker.waitForLine(/Cannot connect to Oz/);
    const startedAt = performance.now();
    worker.kill("SIGTERM");
    expect((await worker.exited).code).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

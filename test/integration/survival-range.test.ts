import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ChangingEngine, type EngineFace } from "../support/changing-engine.ts";
import { testEnvironment } from "../support/environment.ts";
import { until } from "../support/until.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

/** Daemons that come back as others than they went: with another API range, or of another platform. */

const OLD: EngineFace = { api: ["1.24", "1.45"] };
const NEW: EngineFace = { api: ["1.46", "1.47"] };
const FAR: EngineFace = { api: ["1.90", "1.95"] };

let engine: ChangingEngine;
let stack: AsyncDisposableStack;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  engine = stack.use(await ChangingEngine.start(testEnvironment().dockerHost, OLD));
});
afterEach(() => stack.disposeAsync());

async function start(env: Readonly<Record<string, string>> = {}): Promise<WorkerFixture> {
  return stack.use(await WorkerFixture.start("range", { env: { DOCKER_HOST: engine.address, ...env } }));
}

/** The types of all that Oz was told of a task. */
const told = (fixture: WorkerFixture, taskId: string) => fixture.oz.typesOf(taskId);

describe("under a running task", () => {
  test.each([
    ["too new for the worker's version", OLD, NEW],
    ["too old for the worker's version", NEW, OLD],
  ])(
    "a daemon comes back that is %s: they agree anew, and the true end is told, once",
    async (_, before, after) => {
      engine.become(before);
      const fixture = await start();
      const data = await fixture.runUntilReady("echo ready; sleep 4; exit 7");
      engine.down();
      await fixture.worker.waitForLine(/the Docker daemon does not answer/, 10_000);
      await engine.up(after);
      await fixture.worker.waitForLine(/the Docker daemon answers again/, 10_000);
      expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ exit_code: 7 });
      expect(engine.refused.length).toBeGreaterThan(0);
      await fixture.untilCleared(data.task_id);
      expect(told(fixture, data.task_id)).toEqual(["task_claimed", "task_failed"]);
      expect((await fixture.run("exit 0")).type).toBe("task_completed");
    },
    60_000,
  );

  test("a daemon changes so fast that nobody sees it away: calls that it refuses are made again", async () => {
    const fixture = await start();
    const data = await fixture.runUntilReady("echo ready; sleep 4; exit 7");
    engine.become(NEW);
    expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ exit_code: 7 });
    await until("the first refusal", () => engine.refused.length > 0);
    await fixture.untilCleared(data.task_id);
    expect(told(fixture, data.task_id)).toEqual(["task_claimed", "task_failed"]);
    expect((await fixture.run("exit 0")).type).toBe("task_completed");
    expect(fixture.worker.lines.join("\n")).toContain("the Docker daemon is of another version now");
  }, 60_000);

  test.each([
    ["no API version fits", {}, FAR, /it speaks no API older than 1\.90 and this worker none newer than/],
    [
      "the pinned version does not fit",
      { DOCKER_API_VERSION: "1.43" },
      NEW,
      /DOCKER_API_VERSION is 1\.43 and the daemon/,
    ],
    ["the platform is another one", {}, { ...OLD, architecture: other() }, /its platform is linux\/\w+ and was/],
  ])(
    "where %s the worker says so and ends with 1, and the next one tells the true end, once",
    async (_, env, face, said) => {
      const fixture = await start(env);
      const data = await fixture.runUntilReady("echo ready; sleep 3; exit 7");
      engine.down();
      await fixture.worker.waitForLine(/the Docker daemon does not answer/, 10_000);
      await engine.up(face);
      const startedAt = performance.now();
      const { code, stderr } = await fixture.worker.exited;
      expect(code).toBe(1);
      expect(performance.now() - startedAt).toBeGreaterThan(5_000);
      expect(stderr.trimEnd().split("\n").at(-1)).toMatch(said);
      expect(told(fixture, data.task_id)).toEqual(["task_claimed"]);
      engine.become(OLD);
      fixture.startWorker();
      expect((await fixture.oz.waitForResult(data.task_id, 40_000)).data).toMatchObject({ exit_code: 7 });
      await fixture.untilCleared(data.task_id);
      expect(told(fixture, data.task_id)).toEqual(["task_claimed", "task_claimed", "task_failed"]);
    },
    90_000,
  );

  test("one that is in the way for a moment only ends nothing", async () => {
    const fixture = await start();
    const data = await fixture.runUntilReady("echo ready; sleep 8; exit 7");
    engine.down();
    await fixture.worker.waitForLine(/the Docker daemon does not answer/, 10_000);
    await engine.up(FAR);
    await fixture.worker.waitForLine(/cannot be used as it is now/, 10_000);
    engine.become(NEW);
    expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ exit_code: 7 });
    await fixture.untilCleared(data.task_id);
  }, 60_000);
});

/** The platform that this machine's daemon does not have. */
function other(): string {
  return process.arch === "arm64" ? "amd64" : "arm64";
}

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";
import { startWorker, workerCommand } from "../support/worker-process.ts";

const trap = join(tmpdir(), `defect-${crypto.randomUUID()}.ts`);
/** The defect comes once this file is there. */
const sign = `${trap}.now`;
const DEFECT = `import { existsSync } from "node:fs";
setInterval(() => {
  if (existsSync(${JSON.stringify(sign)})) throw new Error("something broke");
}, 20);
`;
beforeAll(() => writeFile(trap, DEFECT));
afterAll(() => Promise.all([rm(trap), rm(sign)]));

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  test("is an orderly end: the task is stopped and told", async () => {
    await using fixture = await WorkerFixture.start("signals");
    const { task_id: taskId } = await fixture.runUntilReady(OBEDIENT);
    fixture.worker.kill(signal);
    expect((await fixture.worker.exited).code).toBe(0);
    expect((await fixture.oz.waitForResult(taskId)).data).toMatchObject({ failure_reason: "graceful_shutdown" });
  });
});

test("SIGUSR1 ends nothing and says so; SIGHUP that was ignored from the start stays so", async () => {
  await using fixture = await WorkerFixture.start("ignored", { started: false });
  const { oz, environment } = fixture;
  await using worker = startWorker({
    command: ["sh", "-c", `trap '' HUP; exec "$0" "$@"`, ...workerCommand()],
    args: oz.flags(),
    env: { WARP_API_KEY: oz.apiKey, DOCKER_HOST: environment.dockerHost },
  });
  await worker.waitForLine(/listening for tasks/);
  worker.kill("SIGUSR1");
  await worker.waitForLine(/SIGUSR1 received: it means nothing/);
  worker.kill("SIGHUP");
  expect(await fixture.run("exit 0")).toMatchObject({ type: "task_completed" });
  worker.kill("SIGTERM");
  expect((await worker.exited).code).toBe(0);
});

test("a defect ends the worker with 1 and its reason; what ran is taken over", async () => {
  await using fixture = await WorkerFixture.start("defect", { started: false });
  const { oz, environment } = fixture;
  const [bun = "bun", ...words] = workerCommand("");
  await using worker = startWorker({
    command: [bun, `--preload=${trap}`, ...words],
    args: oz.flags(),
    env: { WARP_API_KEY: oz.apiKey, DOCKER_HOST: environment.dockerHost },
  });
  await worker.waitForLine(/listening for tasks/);
  const { task_id: taskId } = await fixture.runUntilReady("echo ready; sleep 3; exit 9");
  await writeFile(sign, "");
  const { code, stderr } = await worker.exited;
  expect(code).toBe(1);
  expect(stderr).toMatch(/ERROR the worker ends on a defect of its own.* reason="Error: something broke"/);
  fixture.startWorker();
  expect((await oz.waitForResult(taskId)).data).toMatchObject({ failure_reason: "container_exit", exit_code: 9 });
});

import { describe, expect, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

const SHUTDOWN = { failure_reason: "graceful_shutdown" };

async function codeOf({ worker }: WorkerFixture): Promise<number | null> {
  return (await worker.exited).code;
}

describe("a drain", () => {
  test.concurrent.each([
    ["SIGQUIT", []],
    ["SIGTERM", ["--on-stop=drain"]],
    ["SIGINT", ["--on-stop=drain"]],
  ] as const)("by %s %j rejects with the reason, waits for the task, and ends with 0", async (signal, args) => {
    await using fixture = await WorkerFixture.start("drain", { args });
    const { task_id: taskId } = await fixture.runUntilReady("echo ready; sleep 2; exit 6");
    fixture.worker.kill(signal);
    await fixture.worker.waitForLine(new RegExp(`${signal} received: no more tasks are taken`));
    const late = fixture.task("exit 0");
    await fixture.oz.assign(late);
    const { data } = await fixture.oz.waitForMessage("task_rejected", late.task_id);
    expect(data.reason).toMatch(/^worker is draining/);
    expect((await fixture.oz.waitForResult(taskId)).data).toMatchObject({ exit_code: 6 });
    expect(await codeOf(fixture)).toBe(0);
    expect(await fixture.containers()).toEqual([]);
  });

  test.concurrent("that lasts too long stops the tasks", async () => {
    await using fixture = await WorkerFixture.start("drain-limit", { args: ["--drain-timeout=1s"] });
    const { task_id: taskId } = await fixture.runUntilReady(OBEDIENT);
    fixture.worker.kill("SIGQUIT");
    expect((await fixture.oz.waitForResult(taskId)).data).toMatchObject(SHUTDOWN);
    expect(await codeOf(fixture)).toBe(0);
  });

  test.concurrent("becomes a stop by a SIGTERM, and ends at once by the next one", async () => {
    await using fixture = await WorkerFixture.start("drain-stop");
    const { task_id: taskId } = await fixture.runUntilReady("trap '' TERM; echo ready; while :; do sleep 1; done");
    fixture.worker.kill("SIGQUIT");
    await fixture.worker.waitForLine(/no more tasks are taken/);
    fixture.worker.kill("SIGTERM");
    await fixture.worker.waitForLine(/stopping the task's container/);
    fixture.worker.kill("SIGTERM");
    expect(await codeOf(fixture)).toBe(1);
    fixture.startWorker();
    expect((await fixture.oz.waitForResult(taskId)).data).toMatchObject(SHUTDOWN);
  });
});

describe("a detach", () => {
  test("leaves twenty tasks to the next worker, and each end is told once, with its code", async () => {
    await using fixture = await WorkerFixture.start("detach", { args: ["--on-stop=detach"] });
    const tasks = Array.from({ length: 20 }, (_, index) => fixture.task(`echo ready; sleep 6; exit ${index + 1}`));
    for (const task of tasks) await fixture.oz.assign(task);
    await Promise.all(tasks.map(({ task_id: taskId }) => fixture.untilReady(taskId)));

    const startedAt = performance.now();
    fixture.worker.kill("SIGTERM");
    expect(await codeOf(fixture)).toBe(0);
    expect(fixture.oz.openLinks).toBe(0);
    fixture.startWorker();
    await fixture.worker.waitForLine(/listening for tasks/);
    // The link was down for less than that.
    expect(performance.now() - startedAt).toBeLessThan(3_000);

    for (const [index, { task_id: taskId }] of tasks.entries()) {
      const { data } = await fixture.oz.waitForResult(taskId, 60_000);
      expect(data).toMatchObject({ failure_reason: "container_exit", exit_code: index + 1 });
      await fixture.oz.waitForConfirmation(taskId);
      expect(fixture.oz.typesOf(taskId).filter((type) => type === "task_failed")).toHaveLength(1);
      await fixture.untilCleared(taskId);
    }
  }, 120_000);

  test.concurrent("by SIGUSR2 lets a claim become a container first, and says for how long the task goes on", async () => {
    await using fixture = await WorkerFixture.start("detach-early");
    const task = fixture.task("echo ready; sleep 3; exit 5");
    await fixture.oz.assign(task);
    await fixture.oz.waitForMessage("task_claimed", task.task_id);
    fixture.worker.kill("SIGUSR2");
    expect(await codeOf(fixture)).toBe(0);
    fixture.startWorker();
    await fixture.worker.waitForLine(/task goes on .*running="?\d+ s/);
    expect((await fixture.oz.waitForResult(task.task_id)).data).toMatchObject({ exit_code: 5 });
  });

  test.concurrent("of one of two workers leaves its tasks to the other one", async () => {
    await using fixture = await WorkerFixture.start("detach-two");
    const first = fixture.worker;
    const { task_id: taskId } = await fixture.runUntilReady("echo ready; sleep 40; exit 4");
    const second = fixture.startWorker();
    await second.waitForLine(/listening for tasks/);
    first.kill("SIGUSR2");
    expect((await first.exited).code).toBe(0);
    await second.waitForLine(/task taken over/, 30_000);
    const { data } = await fixture.oz.waitForResult(taskId, 60_000);
    expect(data).toMatchObject({ exit_code: 4 });
  }, 90_000);
});

describe("a worker for so much work", () => {
  test.concurrent("--one-shot takes one task, rejects the next, and ends with 0", async () => {
    await using fixture = await WorkerFixture.start("one-shot", { args: ["--one-shot"] });
    const { task_id: taskId } = await fixture.runUntilReady("echo ready; sleep 1; exit 0");
    const late = fixture.task("exit 0");
    await fixture.oz.assign(late);
    const { data } = await fixture.oz.waitForMessage("task_rejected", late.task_id);
    expect(data.reason).toMatch(/draining|was to take/);
    expect(await fixture.oz.waitForResult(taskId)).toMatchObject({ type: "task_completed" });
    expect(await codeOf(fixture)).toBe(0);
  });

  test.concurrent("--exit-when-idle ends it when the last task is over, not before", async () => {
    await using fixture = await WorkerFixture.start("idle", { args: ["--exit-when-idle=3s"] });
    expect(await fixture.run("sleep 4; exit 0")).toMatchObject({ type: "task_completed" });
    await fixture.worker.waitForLine(/no task for 3 s/, 10_000);
    expect(await codeOf(fixture)).toBe(0);
  });

  test.concurrent("--max-uptime drains it", async () => {
    await using fixture = await WorkerFixture.start("uptime", { args: ["--max-uptime=2s"] });
    const { task_id: taskId } = await fixture.runUntilReady("echo ready; sleep 3; exit 9");
    await fixture.worker.waitForLine(/the worker has been up for 2 s/, 10_000);
    expect((await fixture.oz.waitForResult(taskId)).data).toMatchObject({ exit_code: 9 });
    expect(await codeOf(fixture)).toBe(0);
  });
});

test("SIGHUP reads the settings anew; a broken file changes nothing and says so", async () => {
  const path = join(tmpdir(), `oz-agent-worker-reload-${crypto.randomUUID()}.yaml`);
  const write = (id: string, rest: string) => writeFile(path, `worker_id: "${id}"\n${rest}\n`);
  await write("any", "");
  try {
    await using fixture = await WorkerFixture.start("reload", { args: ["--config-file", path] });
    const { worker, workerId } = fixture;
    await write(
      workerId,
      "backend: {docker: {environment: [{name: GREETING, value: hello}]}}\nlog_format: json\nmax_concurrent_tasks: 7",
    );
    worker.kill("SIGHUP");
    await worker.waitForLine(/settings read anew .*max_concurrent_tasks backend\.docker\.environment/);
    await worker.waitForLine(/WARN settings that take a restart.*log_format/);
    expect(await fixture.run('[ "$GREETING" = hello ] && exit 3')).toMatchObject({ data: { exit_code: 3 } });

    await write(workerId, "max_concurrent_tasks: many");
    worker.kill("SIGHUP");
    await worker.waitForLine(/ERROR the settings stay as they are .*max_concurrent_tasks: takes a whole number/);
    expect(await fixture.run('[ "$GREETING" = hello ] && exit 3')).toMatchObject({ data: { exit_code: 3 } });
  } finally {
    await rm(path);
  }
});

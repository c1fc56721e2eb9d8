import { describe, expect, test } from "bun:test";
import { assigned, scene, settle, stop, untilStopped } from "./worker-scene.ts";

describe("a task that another worker has taken over", () => {
  test("while it runs is told of no more, and is neither settled nor cleared away", async () => {
    const { worker, lost, sent, done, log } = scene({ run: untilStopped });
    worker.handle(assigned("a"));
    await settle();
    lost.abort();
    worker.handle({ type: "task_cancellation", taskId: "a" });
    await settle();
    expect(sent).toEqual(["task_claimed a"]);
    expect(done).toEqual(["withdrew task_claimed a"]);
    expect(log.text()).toContain("another one has taken the task over");
    expect(worker.running()).toBe(0);
  });

  test("while its result is under way: what was not delivered is withdrawn, and the task can be assigned again", async () => {
    const { worker, lost, sent, done, deliveries } = scene({});
    worker.handle(assigned("a"));
    await settle();
    expect(sent).toEqual(["task_claimed a", "task_completed a"]);
    lost.abort();
    await settle();
    expect(done).toEqual(["withdrew task_claimed a", "withdrew task_completed a"]);
    for (const { resolve } of deliveries) resolve();
    await settle();
    expect(done).not.toContain("released a");
    expect(await stop(worker, 1_000)).toEqual([]);
  });
});

import { describe, expect, test } from "bun:test";
import { decodeServerMessage } from "../../src/protocol/server-message.ts";
import type { RunOptions, SetupStep } from "../../src/worker/task-runtime.ts";
import { assignment } from "../support/assignment-builder.ts";
import { assigned, EXITED, type Refusal, scene, settle, stop, untilStopped } from "./worker-scene.ts";

describe("a task", () => {
  test("is cleared away when Oz has read its result, and not before", async () => {
    const { worker, sent, done, deliveries } = scene({});
    worker.handle(assigned("a"));
    await settle();
    expect(sent).toEqual(["task_claimed a", "task_completed a"]);
    expect(done).toEqual([]);
    for (const { resolve } of deliveries) resolve();
    await settle();
    expect(done).toEqual(["released a"]);
  });

  test("tells Oz of the steps of its set-up, and of none once it is cancelled", async () => {
    const tell = ({ onSetup }: RunOptions, name: SetupStep["name"]) =>
      onSetup?.({ name, startedAt: 1, finishedAt: 2, isError: false });
    const { worker, sent, told } = scene({
      async run(options) {
        tell(options, "image_pull");
        const result = await untilStopped(options);
        tell(options, "container_start");
        return result;
      },
    });
    const signed = assignment({ task_id: "a", env_vars: { WARP_API_KEY: "wk-task" } });
    worker.handle(decodeServerMessage(JSON.stringify({ type: "task_assignment", data: signed })));
    await settle();
    worker.handle({ type: "task_cancellation", taskId: "a" });
    await settle();
    expect(sent).toEqual(["task_claimed a", "task_completed a"]);
    expect(told).toEqual(["image_pull"]);
  });

  test("that is refused is rejected, and never claimed", async () => {
    const { worker, sent } = scene({ claim: async () => ({ kind: "refused", reason: "no daemon" }) });
    worker.handle(assigned("a"));
    await settle();
    expect(sent).toEqual(["task_rejected a"]);
    expect(worker.running()).toBe(0);
  });

  test("that is refused, and may be claimed all the same, has no answer from a worker that ends", async () => {
    for (const isCancelled of [false, true]) {
      const claim = Promise.withResolvers<Refusal | undefined>();
      const { worker, sent } = scene({ claim: () => claim.promise });
      worker.handle(assigned("a"));
      await settle();
      if (isCancelled) worker.handle({ type: "task_cancellation", taskId: "a" });
      const drained = stop(worker, 5_000);
      claim.resolve({ kind: "refused", reason: "no daemon", mayStand: true });
      expect(await drained).toEqual([]);
      expect(sent).toEqual([]);
    }
  });

  test("that is refused for certain is rejected even by a worker that ends", async () => {
    const claim = Promise.withResolvers<Refusal | undefined>();
    const { worker, sent } = scene({ claim: () => claim.promise });
    worker.handle(assigned("a"));
    await settle();
    const drained = stop(worker, 5_000);
    claim.resolve({ kind: "refused", reason: "no daemon", mayStand: false });
    expect(await drained).toEqual([]);
    expect(sent).toEqual(["task_rejected a"]);
  });

  test("that another worker has is claimed, and is that one's to report", async () => {
    const { worker, sent, done } = scene({ claim: async () => ({ kind: "elsewhere" }) });
    worker.handle(assigned("a"));
    await settle();
    expect(sent).toEqual(["task_claimed a"]);
    expect(done).toEqual([]);
  });

  test("that meets a defect fails, on record, and hurts no other", async () => {
    let first = true;
    const run = async () => {
      if (!first) return EXITED;
      first = false;
      throw new Error("a bug");
    };
    const { worker, sent, done, log } = scene({ run });
    worker.handle(assigned("a"));
    worker.handle(assigned("b"));
    await settle();
    expect(sent).toContain("task_failed a");
    expect(sent).toContain("task_completed b");
    expect(done).toEqual(["settled a failed"]);
    expect(log.text()).toContain("a bug");
  });

  test("that is delivered again while it is being claimed is claimed once", async () => {
    const claim = Promise.withResolvers<Refusal | undefined>();
    const { worker, sent } = scene({ claim: () => claim.promise, run: untilStopped });
    const message = assigned("a");
    worker.handle(message);
    worker.handle(message);
    claim.resolve(undefined);
    await settle();
    expect(sent).toEqual(["task_claimed a"]);
  });
});

describe("an assignment whose link is lost while the claim is recorded", () => {
  for (const answer of [{ kind: "elsewhere" }, { kind: "refused", reason: "no daemon" }] as const) {
    test(`is not answered on the next link: ${answer.kind}`, async () => {
      const claim = Promise.withResolvers<Refusal | undefined>();
      const { worker, sent, links } = scene({ claim: () => claim.promise });
      worker.handle(assigned("a"));
      links.at += 1;
      claim.resolve(answer);
      await settle();
      expect(sent).toEqual([]);
    });

    test(`is answered where it was delivered again: ${answer.kind}`, async () => {
      const claim = Promise.withResolvers<Refusal | undefined>();
      const { worker, sent, links } = scene({ claim: () => claim.promise });
      const message = assigned("a");
      worker.handle(message);
      links.at += 1;
      worker.handle(message);
      claim.resolve(answer);
      await settle();
      expect(sent).toHaveLength(1);
    });
  }
});

test("a task that is taken over while it is being claimed has its result behind the last claim", async () => {
  const claim = Promise.withResolvers<Refusal | undefined>();
  const { worker, ours, sent } = scene({ claim: () => claim.promise });
  const message = assigned("a");
  if (message.type !== "task_assignment") throw new Error("an assignment");
  worker.handle(message);
  const execution = { taskId: "a", executionId: message.execution.executionId };
  worker.adopt(ours(execution, async () => EXITED));
  await settle();
  claim.resolve({ kind: "elsewhere" });
  await settle();
  expect(sent).toEqual(["task_claimed a", "task_completed a", "task_claimed a", "task_completed a"]);
});

describe("the end of a worker", () => {
  test("stops what runs, rejects what comes, and waits for Oz only so long", async () => {
    const { worker, sent, done, clock } = scene({ run: untilStopped });
    worker.handle(assigned("a"));
    await settle();
    const drained = stop(worker, 5_000);
    worker.handle(assigned("b"));
    await settle();
    expect(sent).toEqual(["task_claimed a", "task_rejected b", "task_failed a"]);
    clock.advance(5_000);
    expect(await drained).toEqual(["a"]);
    expect(done).toEqual([]);
  });

  test("leaves no timer where all went well", async () => {
    const { worker, deliveries, clock } = scene({ run: untilStopped });
    worker.handle(assigned("a"));
    await settle();
    const drained = stop(worker, 5_000);
    await settle();
    for (const { resolve } of deliveries) resolve();
    expect(await drained).toEqual([]);
    expect(clock.pending()).toEqual([]);
  });

  test("stops what is taken over in that very moment", async () => {
    const { worker, ours, sent } = scene({});
    const drained = stop(worker, 5_000);
    worker.adopt(ours({ taskId: "a", executionId: "1" }, untilStopped));
    await settle();
    expect(sent).toEqual(["task_claimed a", "task_failed a"]);
    await drained;
  });
});

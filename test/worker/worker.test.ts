import { describe, expect, test } from "bun:test";
import type { ClientMessage } from "../../src/protocol/client-message.ts";
import { decodeServerMessage, type ServerMessage } from "../../src/protocol/server-message.ts";
import { NO_OUTPUT } from "../../src/support/output-tail.ts";
import type { Execution } from "../../src/task/execution.ts";
import type { ExecutionResult } from "../../src/task/execution-result.ts";
import type {
  ClaimAnswer,
  ClaimedExecution,
  RunOptions,
  SetupStep,
  TaskRuntime,
} from "../../src/worker/task-runtime.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { assignment } from "../support/assignment-builder.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { recordedLog } from "../support/recorded-log.ts";

/** A worker between a runtime and an Oz that do as a test says, at the moment that it says: the real ones cannot. */
function scene(parts: {
  /** What becomes of a claim; without an answer it is made. */
  claim?: () => Promise<Refusal | undefined>;
  run?: Outcome;
}) {
  const sent: string[] = [];
  const done: string[] = [];
  const told: string[] = [];
  const deliveries: PromiseWithResolvers<void>[] = [];
  const clock = new ManualClock();
  const log = recordedLog();
  const ours = (execution: Execution, outcome: Outcome): ClaimedExecution => ({
    execution,
    secrets: [],
    lost: new AbortController().signal,
    outcome,
    settle: async (result) => void done.push(`settled ${execution.taskId} ${result.kind}`),
    tail: async () => NO_OUTPUT,
    release: async () => void done.push(`released ${execution.taskId}`),
  });
  const runtime: TaskRuntime = {
    async claim(execution) {
      const refusal = await parts.claim?.();
      return refusal ?? { kind: "claimed", claimed: ours(execution, parts.run ?? (async () => EXITED)) };
    },
    recover: async () => {},
  };
  const say = (message: ClientMessage) => sent.push(`${message.type} ${message.data.task_id}`);
  const links = { at: 1 };
  const channel = {
    send(message: ClientMessage) {
      say(message);
      const delivery = Promise.withResolvers<void>();
      deliveries.push(delivery);
      return { delivered: delivery.promise, repeat: () => say(message) > 0, withdraw() {} };
    },
    answerer() {
      const asked = links.at;
      return (message: ClientMessage) => void (links.at === asked && say(message));
    },
  };
  const taskOptions = {
    environment: [],
    volumes: [],
    serverRootUrl: "https://app.example",
  };
  const worker = createWorker({
    workerId: "w",
    maxConcurrentTasks: 0,
    setupEvents: { report: (_, step) => void told.push(step.name) },
    taskOptions,
    runtime,
    channel,
    clock,
    log,
  });
  return { worker, ours, sent, done, told, deliveries, links, clock, log };
}

type Refusal = Exclude<ClaimAnswer, { readonly kind: "claimed" }>;
type Outcome = ClaimedExecution["outcome"];
const EXITED: ExecutionResult = { kind: "exited", exitCode: 0, oomKilled: false };
const settle = () => Bun.sleep(1);

function assigned(taskId: string): ServerMessage {
  return decodeServerMessage(JSON.stringify({ type: "task_assignment", data: assignment({ task_id: taskId }) }));
}

/** Runs until it is told to stop. */
function untilStopped({ signal }: RunOptions): Promise<ExecutionResult> {
  return new Promise((resolve) => {
    const stop = () => resolve({ kind: "stopped", cause: signal.reason.cause });
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
  });
}

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
      const drained = worker.drain(5_000);
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
    const drained = worker.drain(5_000);
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
    const drained = worker.drain(5_000);
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
    const drained = worker.drain(5_000);
    await settle();
    for (const { resolve } of deliveries) resolve();
    expect(await drained).toEqual([]);
    expect(clock.pending()).toEqual([]);
  });

  test("stops what is taken over in that very moment", async () => {
    const { worker, ours, sent } = scene({});
    const drained = worker.drain(5_000);
    worker.adopt(ours({ taskId: "a", executionId: "1" }, untilStopped));
    await settle();
    expect(sent).toEqual(["task_claimed a", "task_failed a"]);
    await drained;
  });
});

import type { ClientMessage } from "../../src/protocol/client-message.ts";
import { decodeServerMessage, type ServerMessage } from "../../src/protocol/server-message.ts";
import { NO_OUTPUT } from "../../src/support/output-tail.ts";
import type { Execution } from "../../src/task/execution.ts";
import type { ExecutionResult } from "../../src/task/execution-result.ts";
import type { ClaimAnswer, ClaimedExecution, RunOptions, TaskRuntime } from "../../src/worker/task-runtime.ts";
import { createWorker, type Worker, type WorkerSettings } from "../../src/worker/worker.ts";
import { assignment } from "../support/assignment-builder.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { recordedLog } from "../support/recorded-log.ts";

/** A worker between a runtime and an Oz that do as a test says, at the moment that it says: the real ones cannot. */
export function scene(parts: {
  /** What becomes of a claim; without an answer it is made. */
  claim?: () => Promise<Refusal | undefined>;
  run?: Outcome;
  settings?: Partial<WorkerSettings>;
}) {
  const sent: string[] = [];
  const done: string[] = [];
  const told: string[] = [];
  const deliveries: PromiseWithResolvers<void>[] = [];
  const clock = new ManualClock();
  const log = recordedLog();
  /** Aborts where another worker takes everything over. */
  const lost = new AbortController();
  const ours = (execution: Execution, outcome: Outcome): ClaimedExecution => ({
    execution,
    secrets: [],
    lost: lost.signal,
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
      const withdraw = () => void done.push(`withdrew ${message.type} ${message.data.task_id}`);
      return { delivered: delivery.promise, repeat: () => say(message) > 0, withdraw };
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
    settings: () => ({ maxConcurrentTasks: 0, ...parts.settings, taskOptions }),
    setupEvents: { report: (_, step) => void told.push(step.name) },
    runtime,
    channel,
    clock,
    log,
  });
  return { worker, ours, lost, sent, done, told, deliveries, links, clock, log };
}

export type Refusal = Exclude<ClaimAnswer, { readonly kind: "claimed" }>;
export type Outcome = ClaimedExecution["outcome"];
export const EXITED: ExecutionResult = { kind: "exited", exitCode: 0, oomKilled: false };
export const settle = () => Bun.sleep(1);

/** Stops a worker as its end does. */
export function stop(worker: Worker, limitMs: number): Promise<readonly string[]> {
  worker.door.shut("stopping");
  return worker.stopAll(limitMs);
}

export function assigned(taskId: string): ServerMessage {
  return decodeServerMessage(JSON.stringify({ type: "task_assignment", data: assignment({ task_id: taskId }) }));
}

/** Runs until it is told to stop. */
export function untilStopped({ signal }: RunOptions): Promise<ExecutionResult> {
  return new Promise((resolve) => {
    const stop = () => resolve({ kind: "stopped", cause: signal.reason.cause });
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
  });
}

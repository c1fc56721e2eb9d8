import type { ExecutionResult } from "../../task/execution-result.ts";
import { type RunOptions, StopRequest } from "../../worker/task-runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineError, hasStatus } from "../engine/engine-error.ts";
import { inspectContainer } from "../engine/engine-objects.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import type { TaskContainer } from "../records/held-execution.ts";
import type { ContainerExit, ExitSubscription } from "./container-exit.ts";
import type { ReadyContainer } from "./ready-container.ts";
import { stopContainer } from "./stop-container.ts";

/** Preparing a container's mounts and network, on a machine that starts many at once. */
const START_LIMIT_MS = 300_000;

/** How to follow a container. */
export interface FollowOptions extends RunOptions {
  /** Records what the container itself does not tell, before it is so. Never throws. */
  readonly record: (result: ExecutionResult) => Promise<void>;
}

/**
 * Starts a created task container, whose end is subscribed to already, and follows it to its end. Expected failures are
 * results; rejects only on a bug.
 */
export async function startAndFollow(
  engine: Engine,
  watch: EngineWatch,
  ready: ReadyContainer,
  options: FollowOptions,
): Promise<ExecutionResult> {
  const { container, subscription } = ready;
  if (options.signal.aborted) {
    subscription.close();
    return await stoppedBeforeRunning(engine, container, options.signal);
  }
  try {
    await start(engine, watch, ready, options.signal);
  } catch (error) {
    subscription.close();
    if (options.signal.aborted) return await stoppedBeforeRunning(engine, container, options.signal);
    if (!(error instanceof EngineError)) throw error;
    return failed("container_start", `could not start container ${container.name}: ${startProblem(error)}`);
  }
  options.onStage?.("running", container.name);
  return await follow(engine, watch, container, subscription, options);
}

/** One that has run must not be run again: after a broken call the container tells whether it was started. */
async function start(engine: Engine, watch: EngineWatch, ready: ReadyContainer, signal: AbortSignal): Promise<void> {
  const { id } = ready.container;
  let isFirst = true;
  await persist(watch, signal, async () => {
    if (!isFirst) {
      const status = (await inspectContainer(engine, id))?.State.Status;
      if (status !== undefined && status !== "created") return;
    }
    isFirst = false;
    if (!ready.isIntact()) throw new EngineError("aborted", "the Docker daemon was restarted just before");
    await engine.run({ method: "POST", path: `/containers/${id}/start`, limitMs: START_LIMIT_MS });
  });
}

/** Follows a container that runs, or has ended, to its result; ends it when the signal says so. */
export async function follow(
  engine: Engine,
  watch: EngineWatch,
  container: TaskContainer,
  subscription: ExitSubscription,
  options: FollowOptions,
): Promise<ExecutionResult> {
  const { signal } = options;
  const aborted = whenAborted(signal);
  try {
    const first = await Promise.race([subscription.exit, aborted.promise]);
    if (first !== undefined) return resultOf(container, first);
    const request = stopRequest(signal);
    options.onStage?.("stopping", container.name);
    // Should this worker not live to report it, the next one knows why this container ended.
    await options.record({ kind: "stopped", cause: request.cause });
    const exit = await stopContainer(engine, watch, container.id, request, subscription.exit);
    const exitCode = exit?.exitCode;
    return { kind: "stopped", cause: request.cause, ...(exitCode === undefined ? {} : { exitCode }) };
  } finally {
    aborted.forget();
    subscription.close();
  }
}

/** The request that an aborted run signal carries. */
export function stopRequest(signal: AbortSignal): StopRequest {
  const reason: unknown = signal.reason;
  return reason instanceof StopRequest ? reason : new StopRequest("cancelled", 0);
}

function resultOf(container: TaskContainer, exit: ContainerExit): ExecutionResult {
  if (exit.kind === "exited") return exit;
  return {
    kind: "failed",
    reason: "container_wait",
    detail: `container ${container.name} was removed by somebody else before its result was read`,
    ...(exit.exitCode === undefined ? {} : { exitCode: exit.exitCode }),
  };
}

async function stoppedBeforeRunning(
  engine: Engine,
  container: TaskContainer,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const { cause } = stopRequest(signal);
  // The start may have gone through although its answer was lost.
  await engine.run({ method: "POST", path: `/containers/${container.id}/kill` }).catch(() => {});
  return { kind: "stopped", cause };
}

function startProblem(error: EngineError): string {
  if (hasStatus(error, 404) && /no such container/i.test(error.message)) {
    return "it was removed by somebody else";
  }
  if (/already exists|already in use/i.test(error.message)) {
    return "the Docker daemon was restarted while it started the container, and cannot tell whether it ran";
  }
  return error.message.replace(/\s+/g, " ");
}

function failed(reason: "container_start", detail: string): ExecutionResult {
  return { kind: "failed", reason, detail };
}

function whenAborted(signal: AbortSignal): { promise: Promise<undefined>; forget(): void } {
  let onAbort = () => {};
  const promise = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    onAbort = () => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  return { promise, forget: () => signal.removeEventListener("abort", onAbort) };
}

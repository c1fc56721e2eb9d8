import type { ExecutionResult } from "../task/execution-result.ts";
import { type RunOptions, StopRequest } from "../worker/task-runtime.ts";
import type { ContainerExit, ExitSubscription } from "./container-exit.ts";
import type { Engine } from "./engine.ts";
import { EngineError, hasStatus } from "./engine-error.ts";
import { renameContainer } from "./engine-objects.ts";
import { type EngineWatch, persist } from "./engine-watch.ts";
import { verdictName } from "./object-names.ts";
import { stopContainer } from "./stop-container.ts";

/** Preparing a container's mounts and network, on a machine that starts many at once. */
const START_LIMIT_MS = 300_000;

/** A task container that exists. */
export interface TaskContainer {
  readonly id: string;
  readonly name: string;
}

/**
 * Starts a created task container, whose end is subscribed to already, and follows it to its end. Expected failures are
 * results; rejects only on a bug.
 */
export async function startAndFollow(
  engine: Engine,
  watch: EngineWatch,
  ready: { readonly container: TaskContainer; readonly subscription: ExitSubscription },
  options: RunOptions,
): Promise<ExecutionResult> {
  const { container, subscription } = ready;
  if (options.signal.aborted) {
    subscription.close();
    return await stoppedBeforeRunning(engine, container, options.signal);
  }
  try {
    await persist(watch, options.signal, () =>
      engine.run({ method: "POST", path: `/containers/${container.id}/start`, limitMs: START_LIMIT_MS }),
    );
  } catch (error) {
    subscription.close();
    if (options.signal.aborted) return await stoppedBeforeRunning(engine, container, options.signal);
    if (!(error instanceof EngineError)) throw error;
    return failed("container_start", `could not start container ${container.name}: ${startProblem(error)}`);
  }
  options.onStage?.("running", container.name);
  return await follow(engine, watch, container, subscription, options);
}

/** Follows a container that runs, or has ended, to its result; ends it when the signal says so. */
export async function follow(
  engine: Engine,
  watch: EngineWatch,
  container: TaskContainer,
  subscription: ExitSubscription,
  options: RunOptions,
): Promise<ExecutionResult> {
  const { signal } = options;
  const aborted = whenAborted(signal);
  try {
    const first = await Promise.race([subscription.exit, aborted.promise]);
    if (first !== undefined) return resultOf(container, first);
    const request = stopRequest(signal);
    options.onStage?.("stopping", container.name);
    // The name tells the next worker why this container ended, should this one not live to report it.
    await renameContainer(engine, container.id, verdictName(container.name, request.cause)).catch(() => {});
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
  await renameContainer(engine, container.id, verdictName(container.name, cause)).catch(() => {});
  // The start may have gone through although its answer was lost.
  await engine.run({ method: "POST", path: `/containers/${container.id}/kill` }).catch(() => {});
  return { kind: "stopped", cause };
}

function startProblem(error: EngineError): string {
  if (hasStatus(error, 404) && /no such container/i.test(error.message)) {
    return "it was removed by somebody else";
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

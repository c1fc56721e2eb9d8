import { whenAborted } from "../../support/when-aborted.ts";
import type { ExecutionResult } from "../../task/execution-result.ts";
import { type RunOptions, StopRequest } from "../../worker/task-runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import { inspectContainer } from "../engine/engine-objects.ts";
import { enginePath } from "../engine/engine-path.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import { type Explained, explainEngine } from "../engine/explain-engine.ts";
import type { TaskContainer } from "../records/held-execution.ts";
import { type ContainerExit, subscribeExit } from "./container-exit.ts";
import type { ExitEvents } from "./exit-events.ts";
import type { ReadyContainer } from "./ready-container.ts";
import { stopContainer } from "./stop-container.ts";

/** Preparing a container's mounts and network, on a machine that starts many at once. */
const START_LIMIT_MS = 300_000;

/** How to follow a container. */
export interface FollowOptions extends RunOptions {
  /** Records what the container itself does not tell, before it is so. Never throws. */
  readonly record: (result: ExecutionResult) => Promise<void>;
}

/** What a start needs beside the container. */
export interface StartOptions {
  readonly engine: Engine;
  readonly watch: EngineWatch;
  readonly exitEvents: ExitEvents;
}

/** Starts a created task container and follows it to its end. Expected failures are results; rejects only on a bug. */
export async function startAndFollow(
  { engine, watch, exitEvents }: StartOptions,
  ready: ReadyContainer,
  options: FollowOptions,
): Promise<ExecutionResult> {
  const { container } = ready;
  if (options.signal.aborted) return await stoppedBeforeRunning(engine, container, options.signal);
  const lookout = exitEvents.lookOut(container.id);
  try {
    const problem = await start(engine, watch, ready, options.signal).catch((error: unknown) => error);
    if (!options.signal.aborted) ready.started(problem !== undefined);
    if (problem === undefined) {
      options.onStage?.("running", container.name);
      return await followStarted(engine, watch, container, options, lookout.exitCode);
    }
    if (options.signal.aborted) return await stoppedBeforeRunning(engine, container, options.signal);
    if (!(problem instanceof EngineError)) throw problem;
    return failed("container_start", `could not start container ${container.name}`, startProblem(problem));
  } finally {
    lookout.close();
  }
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
    await engine.run({ method: "POST", path: enginePath`/containers/${id}/start`, limitMs: START_LIMIT_MS });
  });
}

/**
 * Follows a container that runs, or has ended, to its result; ends it when the signal says so. `early` may tell its exit code
 * before the engine's own answer. Expected failures are results; rejects only on a bug.
 */
export async function followStarted(
  engine: Engine,
  watch: EngineWatch,
  container: TaskContainer,
  options: FollowOptions,
  early?: Promise<number>,
): Promise<ExecutionResult> {
  const { signal } = options;
  const aborted = whenAborted(signal);
  const subscription = subscribeExit(engine, watch, container.id, early);
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
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    if (signal.aborted) return { kind: "stopped", cause: stopRequest(signal).cause };
    return failed("container_wait", `could not wait for container ${container.name}`, explainEngine(error));
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
  await engine
    .run({ method: "POST", path: enginePath`/containers/${container.id}/kill`, isUrgent: true })
    .catch(() => {});
  return { kind: "stopped", cause };
}

function startProblem(error: EngineError): Explained {
  const explained = explainEngine(error);
  if (!/already exists|already in use/i.test(error.message)) return explained;
  const why = "the Docker daemon was restarted while it started the container, and cannot tell whether it ran";
  return { ...explained, why };
}

function failed(
  reason: "container_start" | "container_wait",
  what: string,
  { why, ...said }: Explained,
): ExecutionResult {
  return { kind: "failed", reason, detail: `${what}: ${why}`, ...said };
}

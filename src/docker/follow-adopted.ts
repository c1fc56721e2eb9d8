import type { ExecutionResult, StopCause } from "../task/execution-result.ts";
import { type RunOptions, StopRequest } from "../worker/task-runtime.ts";
import { exitOf, subscribeExit } from "./container-exit.ts";
import type { Engine } from "./engine.ts";
import { describeError, hasStatus } from "./engine-error.ts";
import type { ContainerDetails } from "./engine-schemas.ts";
import { type EngineWatch, persist } from "./engine-watch.ts";
import { verdictOfName } from "./object-names.ts";
import { follow, type TaskContainer } from "./run-container.ts";

/** Grace of a stop that a dead worker had begun: the task has had its time already. */
const RESUMED_STOP_GRACE_MS = 2_000;

/**
 * Sees a dead worker's container to its result: one that ended is read, one that runs is waited for, one that was being
 * stopped is stopped. Expected failures are results.
 */
export async function followAdopted(
  engine: Engine,
  watch: EngineWatch,
  container: TaskContainer,
  details: ContainerDetails,
  run: RunOptions,
): Promise<ExecutionResult> {
  const verdict = verdictOfName(container.name);
  const settled = settledResult(container, details, verdict);
  if (settled !== undefined) return settled;
  try {
    const subscription = await persist(watch, undefined, () =>
      subscribeExit(engine, watch, container.id, "not-running"),
    );
    if (verdict === undefined) run.onStage?.("running", container.name);
    return await follow(engine, watch, container, subscription, verdict === undefined ? run : stopping(run, verdict));
  } catch (error) {
    const detail = hasStatus(error, 404)
      ? `container ${container.name} was removed by somebody else before its result was read`
      : `could not wait for container ${container.name}: ${describeError(error)}`;
    return { kind: "failed", reason: "container_wait", detail };
  }
}

/** The result of a container that has ended, or that nobody will start any more; `undefined` for one that runs. */
export function settledResult(
  container: TaskContainer,
  details: ContainerDetails,
  verdict: StopCause | undefined,
): ExecutionResult | undefined {
  const exit = exitOf(details);
  if (verdict !== undefined && exit?.kind === "exited") {
    return { kind: "stopped", cause: verdict, exitCode: exit.exitCode };
  }
  if (exit?.kind === "exited") return exit;
  if (details.State.Status !== "created") return undefined;
  if (verdict !== undefined) return { kind: "stopped", cause: verdict };
  const problem = details.State.Error.trim().replace(/\s+/g, " ");
  const why = problem === "" ? "the worker that had created it ended before it was started" : problem;
  return { kind: "failed", reason: "container_start", detail: `could not start container ${container.name}: ${why}` };
}

function stopping(run: RunOptions, cause: StopCause): RunOptions {
  const stop = AbortSignal.abort(new StopRequest(cause, RESUMED_STOP_GRACE_MS));
  return { ...run, signal: AbortSignal.any([stop, run.signal]) };
}

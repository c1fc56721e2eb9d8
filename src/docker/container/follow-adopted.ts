import type { ExecutionResult, StopCause } from "../../task/execution-result.ts";
import { StopRequest } from "../../worker/task-runtime.ts";
import type { Engine } from "../engine/engine.ts";
import type { ContainerDetails } from "../engine/engine-schemas.ts";
import type { EngineWatch } from "../engine/engine-watch.ts";
import { explainRefusal } from "../engine/explain-engine.ts";
import type { Adopted } from "../records/adoption.ts";
import type { TaskContainer } from "../records/held-execution.ts";
import { exitOf, withMemoryReport } from "./container-exit.ts";
import { type FollowOptions, followStarted } from "./run-container.ts";

/** Grace of a stop that a dead worker had begun: the task has had its time already. */
const RESUMED_STOP_GRACE_MS = 2_000;

/**
 * Sees a dead worker's execution to its result: a container that ended is read, one that runs is waited for, one that was
 * being stopped is stopped. Expected failures are results.
 */
export async function followAdopted(
  engine: Engine,
  watch: EngineWatch,
  adopted: Adopted,
  run: FollowOptions,
): Promise<ExecutionResult> {
  const { verdict } = adopted;
  const found = adopted.container;
  // What was seen is true without that, and must not wait for an engine that is away.
  const details = found && ((await withMemoryReport(engine, watch.clock, found).catch(() => undefined)) ?? found);
  const settled = settledResult(details, verdict);
  if (settled !== undefined || details === undefined) return settled ?? CONTAINER_IS_GONE;
  const container = taskContainer(details);
  if (verdict?.kind !== "stopped") run.onStage?.("running", container.name);
  const options = verdict?.kind === "stopped" ? stopping(run, verdict.cause) : run;
  return await followStarted(engine, watch, container, options);
}

const CONTAINER_IS_GONE: ExecutionResult = {
  kind: "failed",
  reason: "unknown",
  detail:
    "the worker that had claimed the task has ended, and there is no container of the task to tell what became of it",
};

/** The result of an execution that is over, or that nobody will start any more; `undefined` for one that runs. */
export function settledResult(
  details: ContainerDetails | undefined,
  verdict: ExecutionResult | undefined,
): ExecutionResult | undefined {
  if (verdict !== undefined && verdict.kind !== "stopped") return verdict;
  if (details === undefined) return verdict;
  const exit = exitOf(details);
  if (exit?.kind === "exited") {
    return verdict === undefined ? exit : { kind: "stopped", cause: verdict.cause, exitCode: exit.exitCode };
  }
  if (details.State.Status !== "created") return undefined;
  if (verdict !== undefined) return verdict;
  const { name } = taskContainer(details);
  const problem = details.State.Error.trim().replace(/\s+/g, " ");
  const { why, ...said } =
    problem === "" ? { why: "the worker that had created it ended before it was started" } : explainRefusal(problem);
  return { kind: "failed", reason: "container_start", detail: `could not start container ${name}: ${why}`, ...said };
}

/** A container as the daemon tells of it. */
export function taskContainer(details: ContainerDetails): TaskContainer {
  return { id: details.Id, name: details.Name.replace(/^\//, "") };
}

function stopping(run: FollowOptions, cause: StopCause): FollowOptions {
  const stop = AbortSignal.abort(new StopRequest(cause, RESUMED_STOP_GRACE_MS));
  return { ...run, signal: AbortSignal.any([stop, run.signal]) };
}

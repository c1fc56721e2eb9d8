import { type Clock, pause } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { type Execution, executionKey } from "../task/execution.ts";
import type { ExecutionResult } from "../task/execution-result.ts";
import type { TaskSpec } from "../task/task-spec.ts";
import type { ClaimAnswer, RecoveredExecution, RunOptions, TaskRuntime } from "../worker/task-runtime.ts";
import { type Adopted, createAdoption } from "./adoption.ts";
import { readTail } from "./container-tail.ts";
import { discardExecution } from "./discard-execution.ts";
import type { Engine } from "./engine.ts";
import { describeError, isEngineAway } from "./engine-error.ts";
import { inspectContainer, removeContainer } from "./engine-objects.ts";
import { type EngineWatch, persist } from "./engine-watch.ts";
import { followAdopted } from "./follow-adopted.ts";
import type { HeldExecution } from "./held-execution.ts";
import type { Images } from "./images.ts";
import { LABELS } from "./labels.ts";
import { createLedger } from "./ledger.ts";
import { randomToken, taskContainerName } from "./object-names.ts";
import { encodeOwner, type Owner } from "./owner.ts";
import { readyContainer } from "./ready-container.ts";
import { startAndFollow, stopRequest } from "./run-container.ts";
import type { SidecarContent } from "./sidecars/sidecar-content.ts";
import { createTakeover } from "./takeover.ts";

export interface DockerRuntimeOptions {
  readonly engine: Engine;
  readonly watch: EngineWatch;
  readonly images: Images;
  readonly sidecarContent: SidecarContent;
  readonly workerId: string;
  readonly owner: Owner;
  /** Whether containers are removed once their result is with Oz. */
  readonly cleanup: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const RELEASE_RETRY_DELAYS_MS = [500, 2_000, 8_000, 30_000];

/** Runs tasks in containers of a Docker daemon, which keeps every record that must outlive this process. */
export function createDockerRuntime(options: DockerRuntimeOptions): TaskRuntime {
  const { engine, watch, workerId, log } = options;
  const owner = encodeOwner(options.owner);
  const ledger = createLedger(engine, workerId, owner);
  const held = new Map<string, HeldExecution>();
  const takeover = createTakeover(engine, workerId, options.owner);
  const isHeld = (execution: Execution) => held.has(executionKey(execution));
  const adoption = createAdoption({ engine, workerId, takeover, log, isHeld });

  async function record(execution: Execution, result: ExecutionResult): Promise<void> {
    await ledger.verdict(execution, result).catch((error: unknown) => {
      watch.note(error);
      log.warn("the result could not be recorded on the daemon", {
        task: execution.taskId,
        reason: describeError(error),
      });
    });
  }

  /** A removal may fail for a moment: a device is busy, a removal is under way. */
  async function retry(action: () => Promise<void>): Promise<void> {
    for (const delayMs of RELEASE_RETRY_DELAYS_MS) {
      try {
        return await action();
      } catch (error) {
        log.debug("a removal failed and is tried again", { reason: describeError(error), delayMs });
        await pause(options.clock, delayMs);
      }
    }
    await action();
  }

  async function runHeld(spec: TaskSpec, here: HeldExecution, run: RunOptions): Promise<ExecutionResult> {
    const step = await readyContainer({ ...options, owner }, spec, here, run);
    if (!step.ok) return step.result;
    const ended = startAndFollow(engine, watch, step.ready, run);
    here.claimDropped = ledger.dropClaim(spec.execution).catch((error: unknown) => watch.note(error));
    return await ended;
  }

  return {
    async claim(execution): Promise<ClaimAnswer> {
      const away = watch.away();
      if (away !== undefined) return { kind: "refused", reason: "the worker's Docker daemon does not answer" };
      try {
        const [ours, existing] = await Promise.all([
          ledger.claim(execution),
          inspectContainer(engine, taskContainerName(workerId, execution)),
        ]);
        if (!ours) return { kind: "elsewhere" };
        if (existing === undefined) return { kind: "claimed" };
        if (existing.Config.Labels[LABELS.owner] === owner) {
          // Its result is with Oz, but it could not be removed then.
          await removeContainer(engine, existing.Id);
          return { kind: "claimed" };
        }
        await ledger.dropClaim(execution);
        return { kind: "elsewhere" };
      } catch (error) {
        watch.note(error);
        const reason = isEngineAway(error)
          ? "the worker's Docker daemon does not answer"
          : `the worker's Docker daemon cannot record the claim: ${describeError(error)}`;
        return { kind: "refused", reason };
      }
    },

    async recover(onRecovered) {
      try {
        await adoption.adopt((adopted) => {
          held.set(executionKey(adopted.execution), adopted.held);
          onRecovered(recovered(engine, watch, adopted));
        });
      } catch (error) {
        watch.note(error);
        log.warn("what dead workers left could not be looked through; tried again later", {
          reason: describeError(error),
        });
      }
    },

    async run(spec, run) {
      const here: HeldExecution = { attempt: randomToken(), privateVolumes: [], heirs: [] };
      held.set(executionKey(spec.execution), here);
      let result: ExecutionResult;
      try {
        result = await runHeld(spec, here, run);
      } catch (error) {
        if (!run.signal.aborted) throw error;
        result = { kind: "stopped", cause: stopRequest(run.signal).cause };
      }
      if (here.container === undefined) await record(spec.execution, result);
      return result;
    },

    settle: record,

    async tail(execution) {
      const id = held.get(executionKey(execution))?.container?.id;
      if (id === undefined) return [];
      return await readTail(engine, id).catch(() => []);
    },

    async release(execution) {
      const key = executionKey(execution);
      try {
        const discard = () => discardExecution(engine, ledger, execution, held.get(key), options.cleanup);
        await retry(() => persist(watch, undefined, discard, Number.POSITIVE_INFINITY));
      } catch (error) {
        log.warn("what the task left on the daemon could not be removed", {
          task: execution.taskId,
          container: held.get(key)?.container?.name,
          reason: describeError(error),
        });
      } finally {
        held.delete(key);
      }
    },
  };
}

function recovered(engine: Engine, watch: EngineWatch, adopted: Adopted): RecoveredExecution {
  const { execution, held } = adopted;
  if (adopted.kind === "result" || held.container === undefined) {
    const result: ExecutionResult =
      adopted.kind === "result" ? adopted.result : { kind: "failed", reason: "unknown", detail: "" };
    return { execution, secrets: [], follow: () => Promise.resolve(result) };
  }
  const { container } = held;
  const { details } = adopted;
  return {
    execution,
    secrets: details.Config.Env.map((entry) => entry.slice(entry.indexOf("=") + 1)),
    follow: (run) => followAdopted(engine, watch, container, details, run),
  };
}

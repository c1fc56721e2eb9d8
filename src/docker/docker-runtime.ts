import { abortAfter, type Clock, pause } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { createOnce } from "../support/once.ts";
import { NO_OUTPUT } from "../support/output-tail.ts";
import { createRedactor } from "../support/redaction.ts";
import { createRush } from "../support/rush.ts";
import { type Execution, executionKey } from "../task/execution.ts";
import type { ExecutionResult } from "../task/execution-result.ts";
import { secretsOfContainer } from "../task/task-secrets.ts";
import type { TaskSpec } from "../task/task-spec.ts";
import type { RecoveredExecution, RunOptions, TaskRuntime } from "../worker/task-runtime.ts";
import { readTail } from "./container/container-tail.ts";
import type { ExitEvents } from "./container/exit-events.ts";
import { followAdopted, taskContainer } from "./container/follow-adopted.ts";
import { pullsOf } from "./container/prepare-task.ts";
import { readyContainer } from "./container/ready-container.ts";
import { startAndFollow, stopRequest } from "./container/run-container.ts";
import { createWarningLog } from "./engine/create-warnings.ts";
import type { Engine } from "./engine/engine.ts";
import type { EngineClock } from "./engine/engine-clock.ts";
import { describeError, EngineError } from "./engine/engine-error.ts";
import type { EngineLives } from "./engine/engine-lives.ts";
import { type EngineWatch, persist } from "./engine/engine-watch.ts";
import { explainEngine } from "./engine/explain-engine.ts";
import type { Images } from "./images/images.ts";
import { type PullsAhead, pullAhead } from "./images/pull-ahead.ts";
import { type Adopted, createAdoption } from "./records/adoption.ts";
import { closeExecution, discardExecution } from "./records/discard-execution.ts";
import type { HeldExecution } from "./records/held-execution.ts";
import { createLedger } from "./records/ledger.ts";
import { encodeOwner, type Owner, type ProcessTable } from "./records/owner.ts";
import { DAEMON_IS_AWAY, recordClaim } from "./records/record-claim.ts";
import type { RecordRoom } from "./records/record-room.ts";
import type { Seals } from "./records/seals.ts";
import { createTakeover } from "./records/takeover.ts";
import type { SidecarContent } from "./sidecars/sidecar-content.ts";

export interface DockerRuntimeOptions {
  readonly engine: Engine & EngineClock;
  readonly seals: Seals;
  readonly watch: EngineWatch;
  readonly lives: EngineLives;
  readonly exitEvents: ExitEvents;
  readonly images: Images;
  readonly sidecarContent: SidecarContent;
  readonly workerId: string;
  readonly owner: Owner;
  /** Where owners are looked for; the host's processes unless given. */
  readonly processes?: ProcessTable | undefined;
  /** Whether containers are removed once their result is with Oz. */
  readonly cleanup: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a result is held back until the daemon has it: who dies before Oz has it must not be the only one to know. */
const RECORD_LIMIT_MS = 60_000;
/** How long clearing away gives way to tasks that are being started: the engine has only so many hands. */
const GIVE_WAY_LIMIT_MS = 3_000;
const RELEASE_RETRY_DELAYS_MS = [500, 2_000, 8_000, 30_000];

/** Runs tasks in containers of a Docker daemon, which keeps every record that must outlive this process. */
export function createDockerRuntime(options: DockerRuntimeOptions): TaskRuntime {
  const { engine, watch, workerId, log } = options;
  const records: RecordRoom = {
    engine,
    seals: options.seals,
    workerId,
    owner: encodeOwner(options.owner),
    now: () => engine.now(),
    log,
    once: createOnce(),
  };
  const ledger = createLedger(records);
  const held = new Map<string, HeldExecution>();
  /** Pulls that were begun beside the claims, until the executions run. */
  const begun = new Map<string, PullsAhead>();
  const starts = createRush(options.clock);
  const takeover = createTakeover(records, options.owner, options.processes);
  /** Whose result is with Oz, and of which something could not be cleared away; attempts by `executionKey`. */
  const over = new Map<string, string>();
  const isOver = (execution: Execution, attempt: string) => over.get(executionKey(execution)) === attempt;
  const adoption = createAdoption({ records, ledger, takeover, held, isOver });
  const room = { ...options, records, ledger, onWarnings: createWarningLog(log) };
  const claims = { ...room, held, doubtAbout: adoption.doubtAbout };

  /** At most one look at a time: two would take the same execution over twice. */
  let recovering: Promise<void> | undefined;

  /** Waits for a daemon that is away, but not for ever: Oz waits too. */
  async function record(execution: Execution, result: ExecutionResult): Promise<void> {
    const attempt = held.get(executionKey(execution))?.attempt;
    if (attempt === undefined) return;
    const isShutdown = result.kind === "stopped" && result.cause === "shutdown";
    // A process that ends must not tell Oz what its successor could not know, and would tell otherwise.
    const limit = isShutdown ? undefined : abortAfter(options.clock, RECORD_LIMIT_MS);
    const write = () => ledger.verdict(execution, attempt, result);
    await persist(watch, limit?.signal, write, Number.POSITIVE_INFINITY).catch((error: unknown) => {
      log.warn("the result could not be recorded on the daemon", {
        task: execution.taskId,
        reason: describeError(error),
      });
    });
    limit?.cancel();
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
    const key = executionKey(spec.execution);
    const pulls = begun.get(key) ?? pullAhead(options.images, []);
    begun.delete(key);
    let started = () => {};
    const onStage: RunOptions["onStage"] = (stage, container) => {
      started();
      if (stage === "creating") started = starts.enter();
      run.onStage?.(stage, container);
    };
    const watched = { ...run, onStage };
    try {
      const step = await readyContainer({ ...room, images: pulls }, spec, here, watched);
      if (!step.ok) return step.result;
      const remember = (result: ExecutionResult) => record(spec.execution, result);
      return await startAndFollow(options, step.ready, { ...watched, record: remember });
    } finally {
      pulls.end();
      started();
    }
  }

  function recovered(adopted: Adopted): RecoveredExecution {
    const { execution, attempt, container, foreignUntil } = adopted;
    const secrets = container === undefined ? [] : secretsOfContainer(container.Config.Env, container.Config.Cmd);
    held.set(executionKey(execution), {
      execution,
      attempt,
      phase: "open",
      ...(foreignUntil === undefined ? {} : { foreignUntil }),
      ...(container ? { container: taskContainer(container) } : {}),
    });
    return {
      execution,
      secrets,
      async follow(run) {
        const remember = (result: ExecutionResult) => record(execution, result);
        const result = await followAdopted(engine, watch, adopted, { ...run, record: remember });
        if (result.kind !== "exited" && adopted.verdict === undefined) await record(execution, result);
        return result;
      },
    };
  }

  return {
    async claim(execution, spec) {
      if (watch.away() !== undefined) return { kind: "refused", reason: DAEMON_IS_AWAY };
      const recording = recordClaim(claims, execution);
      const pulls = spec && pullAhead(options.images, pullsOf(spec));
      const answer = await recording;
      if (pulls !== undefined && answer.kind === "claimed") begun.set(executionKey(execution), pulls);
      else pulls?.end();
      return answer;
    },

    async recover(onRecovered) {
      try {
        recovering ??= adoption
          .adopt((adopted) => {
            // One that Oz delivers again at this moment: the next look takes it up.
            if (!held.has(executionKey(adopted.execution))) onRecovered(recovered(adopted));
          })
          .finally(() => {
            recovering = undefined;
          });
        await recovering;
      } catch (error) {
        watch.note(error);
        log.warn("what dead workers left could not be looked through; tried again later", {
          reason: describeError(error),
        });
      }
    },

    async run(spec, run) {
      const here = held.get(executionKey(spec.execution));
      if (here === undefined) throw new Error("an execution was run that was not claimed");
      let result: ExecutionResult;
      try {
        result = await runHeld(spec, here, run);
      } catch (error) {
        if (run.signal.aborted) {
          result = { kind: "stopped", cause: stopRequest(run.signal).cause };
        } else if (error instanceof EngineError) {
          const { why, ...said } = explainEngine(error);
          const detail = `could not make the container ready: ${why}`;
          result = { kind: "failed", reason: "container_create", detail, ...said };
        } else {
          throw error;
        }
      }
      result = withoutSecrets(result, spec.secrets);
      // Any other end a container tells by itself.
      if (result.kind !== "exited") await record(spec.execution, result);
      return result;
    },

    settle: record,

    async tail(execution) {
      const id = held.get(executionKey(execution))?.container?.id;
      if (id === undefined) return NO_OUTPUT;
      return await readTail(engine, options.clock, id).catch(() => NO_OUTPUT);
    },

    async release(execution) {
      const key = executionKey(execution);
      const here = held.get(key);
      if (here === undefined) return;
      try {
        const ended = { held: here, cleanup: options.cleanup };
        const insist = (step: () => Promise<void>) =>
          retry(() => persist(watch, undefined, step, Number.POSITIVE_INFINITY));
        await insist(() => closeExecution(records, ledger, ended));
        await starts.over(GIVE_WAY_LIMIT_MS);
        await insist(() => discardExecution(records, ended));
      } catch (error) {
        over.set(key, here.attempt);
        log.warn("what the task left on the daemon could not be removed", {
          task: execution.taskId,
          container: here.container?.name,
          reason: describeError(error),
        });
      } finally {
        held.delete(key);
      }
    },
  };
}

/** What a daemon or a registry says may repeat what it was given. */
function withoutSecrets(result: ExecutionResult, secrets: readonly string[]): ExecutionResult {
  if (result.kind !== "failed") return result;
  const redact = createRedactor(secrets);
  const { detail, said } = result;
  return { ...result, detail: redact(detail), ...(said === undefined ? {} : { said: redact(said) }) };
}

import { abortAfter, type Clock } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { NO_OUTPUT } from "../support/output-tail.ts";
import { createRedactor } from "../support/redaction.ts";
import { retry } from "../support/retry.ts";
import type { Rush } from "../support/rush.ts";
import { shownSpan } from "../support/shown-span.ts";
import type { ExecutionResult } from "../task/execution-result.ts";
import type { TaskSpec } from "../task/task-spec.ts";
import type { ClaimedExecution, RunOptions } from "../worker/task-runtime.ts";
import { readTail } from "./container/container-tail.ts";
import { type ReadyOptions, readyContainer } from "./container/ready-container.ts";
import { type StartOptions, startAndFollow, stopRequest } from "./container/run-container.ts";
import { describeError, EngineError } from "./engine/engine-error.ts";
import { enginePath } from "./engine/engine-path.ts";
import { persist } from "./engine/engine-watch.ts";
import { explainEngine } from "./engine/explain-engine.ts";
import { type Course, followCourse } from "./follow-course.ts";
import type { PullsAhead } from "./images/pull-ahead.ts";
import { closeExecution, discardExecution } from "./records/discard-execution.ts";
import type { ExecutionsHere } from "./records/executions-here.ts";
import type { HeldExecution } from "./records/held-execution.ts";
import { type Keeping, keptForMs } from "./records/kept-containers.ts";
import type { Lease } from "./records/lease.ts";
import { keptName } from "./records/object-names.ts";
import { loseIfTaken } from "./records/still-held.ts";

export interface DockerExecutionOptions extends Omit<ReadyOptions, "images">, StartOptions {
  readonly here: ExecutionsHere;
  readonly lease: Pick<Lease, "isDoubtful">;
  /** Tasks that are being started: what is over gives way to them. */
  readonly starts: Rush;
  /** Which containers stay once their result is with Oz. */
  readonly keeping: () => Keeping;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a result is held back until the daemon has it: who dies before Oz has it must not be the only one to know. */
const RECORD_LIMIT_MS = 60_000;
const UNREADABLE =
  "the output of tasks cannot be read from the Docker daemon, so that the lines before a failure are lost: give it a log driver " +
  "that keeps them (json-file, local or journald in /etc/docker/daemon.json)";
const PING_LIMIT_MS = 2_000;
/** How long clearing away gives way to tasks that are being started: the engine has only so many hands. */
const GIVE_WAY_LIMIT_MS = 3_000;
/** A removal may fail for a moment: a device is busy, a removal is under way. */
const RELEASE_DELAYS_MS = [500, 2_000, 8_000, 30_000];

/** An execution whose claim stands on the Docker daemon, with all that is known of it. */
export function createDockerExecution(
  options: DockerExecutionOptions,
  held: HeldExecution,
  secrets: readonly string[],
  course: Course,
): ClaimedExecution {
  const { watch, records, ledger, clock, log, here, lease } = options;
  const { execution } = held;
  const lost = new AbortController();
  let hasFailed = false;
  held.onLost = () => lost.abort();

  /** Before anything is told or recorded of an execution that may be another's by now. */
  async function isLost(): Promise<boolean> {
    if (lost.signal.aborted || !lease.isDoubtful()) return lost.signal.aborted;
    const limit = abortAfter(clock, RECORD_LIMIT_MS);
    const look = () => loseIfTaken(records, here, held);
    // A daemon that does not tell for so long most likely tells nobody; one that answers others alone cannot be told from it.
    const answer = await persist(watch, limit.signal, look, Number.POSITIVE_INFINITY).catch(() => false);
    limit.cancel();
    return answer;
  }

  /** Waits for a daemon that is away, but not for ever: Oz waits too. */
  async function settle(result: ExecutionResult): Promise<void> {
    if (held.hasVerdict) return;
    const isShutdown = result.kind === "stopped" && result.cause === "shutdown";
    // A process that ends must not tell Oz what its successor could not know, and would tell otherwise.
    const limit = isShutdown ? undefined : abortAfter(clock, RECORD_LIMIT_MS);
    const write = async () => {
      await ledger.verdict(execution, held.attempt, result);
      held.hasVerdict = true;
    };
    await persist(watch, limit?.signal, write, Number.POSITIVE_INFINITY).catch((error: unknown) => {
      log.warn("the result could not be recorded on the daemon", {
        task: execution.taskId,
        reason: describeError(error),
      });
    });
    limit?.cancel();
  }

  /**
   * A process that ends may tell nothing whose record it cannot drop: its successor would tell it again. Where the daemon
   * stays away that one is left to tell.
   */
  async function untilItCanBeClosed(): Promise<void> {
    const ping = () =>
      records.engine.run({ method: "GET", path: enginePath`/_ping`, isUrgent: true, limitMs: PING_LIMIT_MS });
    await (unfinished === undefined ? watch.untilBack() : persist(watch, undefined, ping, Number.POSITIVE_INFINITY));
  }

  function insist(step: () => Promise<void>): Promise<void> {
    return retry(
      {
        policy: {
          attempts: RELEASE_DELAYS_MS.length + 1,
          delaysMs: RELEASE_DELAYS_MS,
          judge: ({ ok }) => (ok ? "final" : "again"),
        },
        clock,
        onRetry(attempted, delayMs) {
          const reason = attempted.ok ? "" : describeError(attempted.error);
          log.debug("a removal failed and is tried again", { reason, delayMs });
        },
      },
      () => persist(watch, undefined, step, Number.POSITIVE_INFINITY),
    );
  }

  /** What goes on after the execution was given up. */
  let unfinished: Promise<void> | undefined;

  async function follow(run: RunOptions): Promise<ExecutionResult> {
    const end = await followCourse(course, { ...run, record: settle }, lost.signal, clock);
    if (end.kind === "ended") return end.result;
    // Whoever asks is told nothing of what is lost: see `lost`.
    if (end.kind === "lost") return { kind: "stopped", cause: "shutdown" };
    const { taskId: task } = execution;
    const container = held.container?.name;
    log.warn(
      "the Docker daemon has not answered in time: the task counts as stopped, and what is left goes when it does",
      { task, container },
    );
    unfinished = end.rest.then(
      () => {},
      (error: unknown) => {
        if (error instanceof Error) log.debug("a task that was given up has ended", { task, reason: error.message });
      },
    );
    return { kind: "stopped", cause: stopRequest(run.signal).cause };
  }

  return {
    execution,
    secrets,
    lost: lost.signal,
    settle,

    async outcome(run) {
      let result: ExecutionResult;
      try {
        result = await follow(run);
      } catch (error) {
        result = resultOfFailure(error, run.signal);
      }
      result = withoutSecrets(result, secrets);
      hasFailed = result.kind === "failed" || (result.kind === "exited" && result.exitCode !== 0);
      if (result.kind === "stopped" && result.cause === "shutdown" && !lost.signal.aborted) await untilItCanBeClosed();
      if (await isLost()) return result;
      // Any other end a container tells by itself.
      if (result.kind !== "exited") await settle(result);
      return result;
    },

    async tail() {
      const id = held.container?.id;
      if (id === undefined) return NO_OUTPUT;
      return await readTail(records.engine, clock, id).catch((error: unknown) => {
        const reason = describeError(error);
        if (/logging driver/i.test(reason))
          records.once("a log driver that cannot be read", () => log.warn(UNREADABLE, { reason }));
        return NO_OUTPUT;
      });
    },

    async release() {
      const keeping = options.keeping();
      const over = { held, cleanup: keeping.cleanup && !(hasFailed && keeping.keepFailedMs > 0) };
      try {
        await insist(() => closeExecution(records, ledger, over));
        if (unfinished !== undefined) {
          await unfinished;
          // There may be a container only now, which is to be kept, or a claim that was made anew for it.
          await insist(() => closeExecution(records, ledger, over));
        }
        await options.starts.over(GIVE_WAY_LIMIT_MS);
        await insist(() => discardExecution(records, over));
        if (!over.cleanup && held.container !== undefined) {
          const name = keptName(held.container.name, held.attempt);
          const fields = { task: execution.taskId, container: name, for: shownSpan(keptForMs(keeping)) };
          log.info("the container is kept, to look into it", fields);
        }
        here.remove(held);
      } catch (error) {
        here.leave(held);
        log.warn("what the task left on the daemon could not be removed", {
          task: execution.taskId,
          container: held.container?.name,
          reason: describeError(error),
        });
      }
    },
  };
}

/** Makes a container for what is to run, and follows it; `pulls` are under way already, and end with it. */
export function runSpec(
  options: DockerExecutionOptions,
  held: HeldExecution,
  spec: TaskSpec,
  pulls: PullsAhead,
): Course {
  return async (run) => {
    let started = () => {};
    const onStage: RunOptions["onStage"] = (stage, container) => {
      started();
      if (stage === "creating") started = options.starts.enter();
      run.onStage?.(stage, container);
    };
    const watched = { ...run, onStage };
    try {
      const step = await readyContainer({ ...options, images: pulls }, spec, held, watched);
      return step.ok ? await startAndFollow(options, step.ready, watched) : step.result;
    } finally {
      pulls.end();
      started();
    }
  };
}

function resultOfFailure(error: unknown, signal: AbortSignal): ExecutionResult {
  if (signal.aborted) return { kind: "stopped", cause: stopRequest(signal).cause };
  if (!(error instanceof EngineError)) throw error;
  const { why, ...said } = explainEngine(error);
  const detail = `could not make the container ready: ${why}`;
  return { kind: "failed", reason: "container_create", detail, ...said };
}

/** What a daemon or a registry says may repeat what it was given. */
function withoutSecrets(result: ExecutionResult, secrets: readonly string[]): ExecutionResult {
  if (result.kind !== "failed") return result;
  const redact = createRedactor(secrets);
  const { detail, said } = result;
  return { ...result, detail: redact(detail), ...(said === undefined ? {} : { said: redact(said) }) };
}

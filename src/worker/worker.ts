import { taskClaimed, taskRejected } from "../protocol/client-message.ts";
import type { AssignmentMessage, ServerMessage } from "../protocol/server-message.ts";
import { type Clock, pause } from "../support/clock.ts";
import { limitLog } from "../support/limited-log.ts";
import type { Log } from "../support/log.ts";
import { messageOf } from "../support/message-of.ts";
import { buildTaskSpec, type TaskSpecResult } from "../task/build-task-spec.ts";
import type { TaskOptions } from "../task/task-options.ts";
import {
  type ActiveExecution,
  createActiveExecutions,
  executionFields,
  userCancellation,
  workerShutdown,
} from "./active-executions.ts";
import { decideAdmission } from "./admission.ts";
import { claimAssignment } from "./claim-assignment.ts";
import type { OzChannel } from "./oz-channel.ts";
import { DEFECT, seeThrough } from "./see-through.ts";
import type { SetupReporter } from "./setup-reporter.ts";
import type { ClaimedExecution, TaskRuntime } from "./task-runtime.ts";

export interface WorkerOptions {
  readonly workerId: string;
  /** 0 is unlimited. */
  readonly maxConcurrentTasks: number;
  readonly taskOptions: TaskOptions;
  readonly runtime: TaskRuntime;
  readonly channel: OzChannel;
  readonly setupEvents: SetupReporter;
  readonly clock: Clock;
  readonly log: Log;
}

/** Takes what Oz sends and sees each execution through. */
export interface Worker {
  /** Acts on one message; returns at once. */
  handle(message: ServerMessage): void;
  /**
   * Takes no more work, stops every task and waits until all are reported and cleared away, `limitMs` at most.
   * Answers the task ids of those that were not.
   */
  drain(limitMs: number): Promise<readonly string[]>;
  /** Sees an execution of a dead worker of this id to its end, as if it were this worker's own. */
  adopt(recovered: ClaimedExecution): void;
  /** How many executions take a slot. */
  running(): number;
}

export function createWorker(options: WorkerOptions): Worker {
  const { workerId, runtime, channel, log } = options;
  /** For what Oz can cause as often as it likes. */
  const often = limitLog(log, options.clock);
  const active = createActiveExecutions();
  let draining = false;
  const claiming = { runtime, workerId, log, often, answeredByTakeover, isDraining: () => draining };
  const through = { channel, setupEvents: options.setupEvents, workerId, log };

  /** Claims once more what is here, and repeats its result behind that. */
  function claimAgain(here: ActiveExecution): void {
    // One copy is on its way, however often Oz asks.
    if (here.claim?.repeat() !== true) here.claim = channel.send(taskClaimed(here.execution, workerId));
    if (here.delivery !== undefined && here.terminal !== undefined && !here.delivery.repeat()) {
      here.delivery = channel.send(here.terminal);
    }
  }

  function answeredByTakeover(claimant: ActiveExecution): boolean {
    const here = active.get(claimant.execution);
    if (here === undefined || here === claimant) return false;
    claimAgain(here);
    return true;
  }

  function assign(message: AssignmentMessage): void {
    const { execution } = message;
    const here = active.get(execution);
    const decision = decideAdmission({
      running: active.running(),
      limit: options.maxConcurrentTasks,
      here: active.size(),
      draining,
      isHere: here !== undefined,
    });
    if (decision.kind === "reject") {
      channel.answerer()(taskRejected(execution, decision.reason));
      often.info("task rejected", { task: execution.taskId, reason: decision.reason });
    } else if (here !== undefined) {
      often.info("task redelivered: claimed again, not run again", { task: execution.taskId });
      // One that is being claimed says so to Oz by itself.
      if (here.phase === "claiming") here.answer = channel.answerer();
      else claimAgain(here);
    } else {
      const added = active.add(execution);
      added.answer = channel.answerer();
      supervise(added, claimAndSeeThrough(added, message));
    }
  }

  async function claimAndSeeThrough(added: ActiveExecution, message: AssignmentMessage): Promise<void> {
    const planned = plan(message);
    const claimed = await claimAssignment(claiming, added, planned);
    if (claimed === undefined) return;
    const setup = planned.kind === "ready" ? planned.setup : undefined;
    await seeThrough(through, added, claimed, { kind: "assigned", setup });
  }

  function supervise(added: ActiveExecution, work: Promise<void>): void {
    added.done = work
      .catch((error: unknown) => {
        log.error("a task's supervision broke off on a defect of the worker", {
          task: added.execution.taskId,
          reason: messageOf(error),
        });
      })
      .finally(() => active.remove(added));
  }

  function plan({ execution, read }: AssignmentMessage): TaskSpecResult {
    try {
      const said = read();
      if (said.kind === "assignment") return buildTaskSpec(said.assignment, options.taskOptions);
      often.warn("an assignment that cannot be read", { task: execution.taskId, problem: said.problem });
      return { kind: "failed", reason: "unknown", detail: `the assignment cannot be read: ${said.problem}` };
    } catch (error) {
      // What the assignment holds could be in the error's words.
      const name = error instanceof Error ? error.name : typeof error;
      log.error("a task could not be planned, on a defect of the worker", {
        ...executionFields(execution),
        error: name,
      });
      return DEFECT;
    }
  }

  function cancel(taskId: string, executionId: string | undefined): void {
    const stopped = active.stop(
      userCancellation(),
      (execution) =>
        execution.taskId === taskId && (executionId === undefined || execution.executionId === executionId),
    );
    const fields = { task: taskId, execution: executionId };
    if (stopped > 0) log.info("task is cancelled by user request", fields);
    else often.info("a cancellation for a task that is not running here", fields);
  }

  return {
    handle(message) {
      switch (message.type) {
        case "task_assignment":
          assign(message);
          break;
        case "task_cancellation":
          cancel(message.taskId, message.executionId);
          break;
        case "skipped":
          often.warn("a message from Oz was skipped", { reason: message.reason });
          break;
      }
    },
    async drain(limitMs) {
      draining = true;
      const stopped = active.stop(workerShutdown());
      if (stopped > 0) log.info("stopping the running tasks", { count: stopped });
      const limit = new AbortController();
      const all = Promise.all(active.all().map((execution) => execution.done));
      await Promise.race([all, pause(options.clock, limitMs, limit.signal)]);
      limit.abort();
      often.close();
      return active.all().map(({ execution }) => execution.taskId);
    },
    adopt(recovered) {
      const added = active.add(recovered.execution);
      supervise(added, seeThrough(through, added, recovered, { kind: "taken over" }));
      if (draining) added.abort.abort(workerShutdown());
    },
    running: () => active.running(),
  };
}

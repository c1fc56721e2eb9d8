import { QUOTA_REACHED, taskClaimed, taskRejected } from "../protocol/client-message.ts";
import type { AssignmentMessage, ServerMessage } from "../protocol/server-message.ts";
import type { Clock } from "../support/clock.ts";
import { limitLog } from "../support/limited-log.ts";
import type { Log } from "../support/log.ts";
import { messageOf } from "../support/message-of.ts";
import { plainImage } from "../support/shown-image.ts";
import { buildTaskSpec, type TaskSpecResult } from "../task/build-task-spec.ts";
import type { TaskOptions } from "../task/task-options.ts";
import type { TaskSpec } from "../task/task-spec.ts";
import {
  type ActiveExecution,
  createActiveExecutions,
  executionFields,
  operatorCancellation,
  userCancellation,
  workerShutdown,
} from "./active-executions.ts";
import { decideAdmission } from "./admission.ts";
import { claimAssignment } from "./claim-assignment.ts";
import { createDoor, type Door } from "./door.ts";
import { createHistory, type History } from "./history.ts";
import type { OzChannel } from "./oz-channel.ts";
import { createParting, type Parting } from "./parting.ts";
import { DEFECT, seeThrough } from "./see-through.ts";
import type { SetupReporter } from "./setup-reporter.ts";
import type { AboutTask, ClaimedExecution, StopRequest, TaskRuntime } from "./task-runtime.ts";

/** What the operator may change while the worker runs; it holds for new tasks. */
export interface WorkerSettings {
  /** 0 is unlimited. */
  readonly maxConcurrentTasks: number;
  /** How many tasks are taken in all; absent: any number. */
  readonly maxTasks?: number | undefined;
  readonly taskOptions: TaskOptions;
}

export interface WorkerOptions {
  readonly workerId: string;
  readonly settings: () => WorkerSettings;
  readonly runtime: TaskRuntime;
  readonly channel: OzChannel;
  readonly setupEvents: SetupReporter;
  readonly clock: Clock;
  readonly log: Log;
  /** Told whenever the number of executions here has become another one. */
  readonly onCount?: () => void;
}

/** Takes what Oz sends and sees each execution through. */
export interface Worker extends Parting {
  /** Whether work is taken. */
  readonly door: Door;
  /** What became of the latest executions. */
  readonly history: History;
  /** Acts on one message; returns at once. */
  handle(message: ServerMessage): void;
  /** Sees an execution of a dead worker of this id to its end, as if it were this worker's own. */
  adopt(recovered: ClaimedExecution): void;
  /** Stops an execution for the operator of the worker; `false` where it is not here or over. */
  cancel(taskId: string, executionId: string): boolean;
  /** Whether it has taken all the tasks that it is to take. */
  hasTakenAll(): boolean;
  /** How many executions take a slot. */
  running(): number;
  all(): readonly ActiveExecution[];
}

export function createWorker(options: WorkerOptions): Worker {
  const { workerId, runtime, channel, clock, log, settings, onCount = () => {} } = options;
  /** For what Oz can cause as often as it likes. */
  const often = limitLog(log, clock);
  const active = createActiveExecutions(clock);
  const door = createDoor(clock, () => log.info("the pause is over: the worker takes tasks again"));
  const history = createHistory();
  /** Tasks that were claimed for Oz, and those that are being claimed. */
  let taken = 0;
  let claims = 0;
  const isEnding = () => !["open", "paused"].includes(door.state().kind);
  const claiming = { runtime, workerId, log, often, answeredByTakeover, isDraining: isEnding };
  const through = { channel, setupEvents: options.setupEvents, workerId, history, clock, log };

  const quotaLeft = () => (settings().maxTasks ?? Number.POSITIVE_INFINITY) - taken;

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
    const { maxConcurrentTasks: limit } = settings();
    const decision = decideAdmission({
      running: active.running(),
      limit,
      here: active.size(),
      closed: door.reason() ?? (quotaLeft() - claims <= 0 ? QUOTA_REACHED : undefined),
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
      const planned = plan(message);
      const about = planned.kind === "ready" ? aboutSpec(planned.spec) : {};
      const added = active.add(execution, about);
      added.answer = channel.answerer();
      supervise(added, claimAndSeeThrough(added, planned));
    }
  }

  async function claimAndSeeThrough(added: ActiveExecution, planned: TaskSpecResult): Promise<void> {
    claims += 1;
    const claimed = await claimAssignment(claiming, added, planned).finally(() => {
      claims -= 1;
    });
    if (claimed === undefined) return;
    taken += 1;
    onCount();
    const setup = planned.kind === "ready" ? planned.setup : undefined;
    await seeThrough(through, added, claimed, { kind: "assigned", setup });
  }

  function supervise(added: ActiveExecution, work: Promise<void>): void {
    onCount();
    added.done = work
      .catch((error: unknown) => {
        log.error("a task's supervision broke off on a defect of the worker", {
          task: added.execution.taskId,
          reason: messageOf(error),
        });
      })
      .finally(() => {
        active.remove(added);
        onCount();
      });
  }

  function plan({ execution, read }: AssignmentMessage): TaskSpecResult {
    try {
      const said = read();
      if (said.kind === "assignment") return buildTaskSpec(said.assignment, settings().taskOptions);
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

  function cancel(taskId: string, executionId: string | undefined, request: StopRequest): boolean {
    const isMeant = ({ execution }: ActiveExecution) =>
      execution.taskId === taskId && (executionId === undefined || execution.executionId === executionId);
    const stopped = active.stop(request, isMeant);
    const fields = { task: taskId, execution: executionId };
    const by = request.cause === "operator" ? "by the operator of this worker" : "by user request";
    if (stopped > 0) log.info(`task is cancelled ${by}`, fields);
    else often.info("a cancellation for a task that is not running here", fields);
    return stopped > 0;
  }

  return {
    door,
    history,
    handle(message) {
      switch (message.type) {
        case "task_assignment":
          assign(message);
          break;
        case "task_cancellation":
          cancel(message.taskId, message.executionId, userCancellation());
          break;
        case "skipped":
          often.warn("a message from Oz was skipped", { reason: message.reason });
          break;
      }
    },
    adopt(recovered) {
      const added = active.add(recovered.execution, recovered.about);
      supervise(added, seeThrough(through, added, recovered, { kind: "taken over" }));
      if (door.state().kind === "stopping") added.abort.abort(workerShutdown());
    },
    ...createParting({ active, onParted: () => often.close(), clock, log }),
    cancel: (taskId, executionId) => cancel(taskId, executionId, operatorCancellation()),
    hasTakenAll: () => quotaLeft() <= 0,
    running: () => active.running(),
    all: () => active.all(),
  };
}

function aboutSpec({ title, image, limits }: TaskSpec): AboutTask {
  return { title, image: plainImage(image), memoryBytes: limits.memoryBytes };
}

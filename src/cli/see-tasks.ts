import type { TaskOnDaemon, TaskView } from "../operator/task-view.ts";
import { TASKS, type TaskAnswer } from "../operator/tasks.ts";
import { messageOf } from "../support/message-of.ts";
import { askRound, type Selection } from "./ask.ts";
import type { Surroundings } from "./command.ts";

/** A task as workers and daemon together tell of it. */
export interface SeenTask {
  readonly workerId: string;
  readonly taskId: string;
  readonly executionId: string;
  readonly title?: string | undefined;
  readonly image?: string | undefined;
  /** The worker's word, else the daemon's: `created`, `running`, `exited`. */
  readonly phase: string;
  readonly phaseMs?: number;
  readonly ageMs: number;
  readonly container?: string | undefined;
  readonly onDaemon?: TaskOnDaemon | undefined;
}

export interface SeenTasks {
  readonly tasks: readonly SeenTask[];
  readonly trouble: readonly string[];
  /** To be closed by who asked; absent where the daemon does not answer. */
  readonly view?: TaskView;
}

/**
 * Looks at the workers here and at the daemon at once. Without `isAll` only what a worker here has; with it every task's
 * container too, and that no worker runs is no trouble. Never rejects.
 */
export async function seeTasks(selection: Selection, isAll: boolean, around: Surroundings): Promise<SeenTasks> {
  const [round, opening] = await Promise.all([askRound(TASKS, {}, selection, around), around.openTaskView()]);
  const trouble = isAll ? [] : [...round.trouble];
  const listed: TaskOnDaemon[] = [];
  let view: TaskView | undefined;
  if (opening.kind === "failed") trouble.push(opening.problem);
  else {
    view = opening.view;
    try {
      listed.push(...(await view.tasks()));
    } catch (error) {
      trouble.push(`the Docker daemon does not answer: ${messageOf(error)}`);
    }
  }
  const tasks = round.answered.flatMap(({ workerId, answer }) =>
    answer.tasks.map((task) => seenByWorker(workerId, task, listed)),
  );
  const known = new Set(tasks.map(({ onDaemon }) => onDaemon?.containerId));
  const others = listed.filter(
    (one) => !known.has(one.containerId) && (selection.workerId === undefined || selection.workerId === one.workerId),
  );
  const isOfNobody = isAll && selection.pid === undefined;
  return {
    tasks: [...tasks, ...(isOfNobody ? others.map(seenOnDaemon) : [])].sort((one, other) => other.ageMs - one.ageMs),
    trouble,
    ...(view === undefined ? {} : { view }),
  };
}

function seenByWorker(workerId: string, task: TaskAnswer, listed: readonly TaskOnDaemon[]): SeenTask {
  const { execution: executionId = "" } = task;
  const isSame = (one: TaskOnDaemon) =>
    task.container === undefined
      ? one.workerId === workerId && one.taskId === task.task && one.executionId === executionId
      : one.container === task.container;
  const onDaemon = listed.find(isSame);
  return {
    workerId,
    taskId: task.task,
    executionId,
    title: task.title ?? onDaemon?.title,
    image: task.image ?? onDaemon?.image,
    phase: task.phase,
    phaseMs: task.phase_ms,
    ageMs: task.age_ms,
    container: task.container ?? onDaemon?.container,
    onDaemon,
  };
}

function seenOnDaemon(one: TaskOnDaemon): SeenTask {
  return { ...one, phase: one.state, onDaemon: one };
}

/** What every command prints of a task as JSON. */
export function taskJson(task: SeenTask): object {
  return {
    worker_id: task.workerId,
    task: task.taskId,
    execution: task.executionId === "" ? null : task.executionId,
    title: task.title ?? null,
    image: task.image ?? null,
    phase: task.phase,
    phase_ms: task.phaseMs ?? null,
    age_ms: task.ageMs,
    container: task.container ?? null,
    exit_code: task.onDaemon?.exitCode ?? null,
  };
}

/** The one task that a prefix of its id means, perhaps with `/EXECUTION` behind it; or a line about why none does. */
export function pickTask(
  tasks: readonly SeenTask[],
  written: string,
): { readonly task: SeenTask } | { readonly problem: string } {
  const [id = "", execution] = written.split(/\/(?=[^/]*$)/);
  const byTask = (wanted: string) => tasks.filter(({ taskId }) => taskId === wanted);
  const whole = byTask(written).length > 0 ? byTask(written) : byTask(id);
  const found = whole.length > 0 ? whole : tasks.filter(({ taskId }) => taskId.startsWith(written));
  const meant =
    execution === undefined || byTask(written).length > 0
      ? found
      : found.filter(({ executionId }) => executionId.startsWith(execution));
  const [only, ...more] = meant;
  if (only === undefined) return { problem: `no task ${JSON.stringify(written)} is here` };
  if (more.length === 0) return { task: only };
  const names = meant.map(({ taskId, executionId }) => (executionId === "" ? taskId : `${taskId}/${executionId}`));
  return { problem: `more than one task begins with ${JSON.stringify(written)}: ${names.slice(0, 10).join(", ")}` };
}

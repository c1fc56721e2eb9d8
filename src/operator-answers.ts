import { version } from "../package.json";
import type { ComposedWorker } from "./compose-worker.ts";
import type { WorkerConfig } from "./config/worker-config.ts";
import { CANCEL, END, PAUSE, RELOAD, RESUME } from "./operator/actions.ts";
import { type Answering, answering } from "./operator/answering.ts";
import { STATUS, type StatusAnswer } from "./operator/status.ts";
import { HISTORY, TASKS, type TaskAnswer } from "./operator/tasks.ts";
import { buildCommit } from "./support/build-commit.ts";
import type { Clock } from "./support/clock.ts";
import { escapeUnprintable } from "./support/printable.ts";
import type { ActiveExecution } from "./worker/active-executions.ts";
import type { EndedTask } from "./worker/history.ts";

/** What the answers are made from. */
export interface AnswerSources {
  readonly composed: ComposedWorker;
  readonly configured: () => WorkerConfig;
  /** Why the Docker daemon is of no use; asks it, within seconds. */
  readonly dockerProblem: () => Promise<string | undefined>;
  readonly disk: () => Promise<{ readonly free: number; readonly total: number } | undefined>;
  readonly reload: () => { readonly isDone: boolean; readonly lines: readonly string[] };
  readonly clock: Clock;
}

/** What a worker answers to those who run it. */
export function operatorAnswers(sources: AnswerSources): readonly Answering[] {
  const { composed, clock } = sources;
  const { worker, life } = composed;
  const startedAt = clock.now();
  return [
    answering(STATUS, async () => await statusOf(sources, startedAt)),
    answering(TASKS, async () => ({ tasks: worker.all().map((one) => taskOf(one, clock.now())) })),
    answering(HISTORY, async () => ({ ends: worker.history.all().map(endOf) })),
    answering(PAUSE, async ({ note, for_ms }) => {
      const shown = note === undefined ? undefined : escapeUnprintable(note);
      if (worker.door.pause(shown, for_ms))
        return done("takes no more tasks until it is resumed; those that run go on");
      return refused("is ending already");
    }),
    answering(RESUME, async () => (worker.door.resume() ? done("takes tasks again") : refused("is not paused"))),
    answering(END, async ({ how }) =>
      life.end(how, `the operator wants a ${how}`) ? done(ENDING[how]) : refused(`is ending already: ${life.ending()}`),
    ),
    answering(RELOAD, async () => {
      const { isDone, lines } = sources.reload();
      return { done: isDone, said: isDone ? [...lines] : lines.map((line) => `keeps its settings: ${line}`) };
    }),
    answering(CANCEL, async ({ task, execution = "" }) =>
      worker.cancel(task, execution) ? done("stops the task") : refused("has no such task that could be stopped"),
    ),
  ];
}

const ENDING = {
  drain: "takes no more tasks, and ends when those that run have ended",
  detach: "ends and leaves its tasks running for the next worker of its id",
  stop: "stops its tasks and ends",
} as const;

function done(...said: string[]) {
  return { done: true, said };
}

function refused(...said: string[]) {
  return { done: false, said };
}

async function statusOf(sources: AnswerSources, startedAt: number): Promise<StatusAnswer> {
  const { composed, configured, clock } = sources;
  const { worker, link } = composed;
  const [problem, disk] = await Promise.all([sources.dockerProblem(), sources.disk().catch(() => undefined)]);
  const now = clock.now();
  const { connected, since, reason } = link.state();
  const door = worker.door.state();
  const failure = worker.history.lastFailure();
  return {
    version,
    ...(buildCommit === undefined ? {} : { commit: buildCommit }),
    up_ms: now - startedAt,
    link: {
      connected,
      since_ms: now - since,
      ...(reason === undefined ? {} : { reason }),
      undelivered: link.undelivered(),
    },
    tasks: {
      running: worker.running(),
      limit: configured().maxConcurrentTasks,
      reporting: worker.all().length - worker.running(),
    },
    door: {
      kind: door.kind,
      ...(door.kind === "paused" && door.note !== undefined ? { note: door.note } : {}),
      ...(door.kind === "paused" && door.untilMs !== undefined ? { for_ms: door.untilMs - clock.epoch() } : {}),
    },
    ...(problem === undefined ? {} : { docker_problem: problem }),
    ...(disk === undefined ? {} : { disk }),
    ...(failure === undefined ? {} : { last_failure: failureOf(failure, clock.epoch()) }),
  };
}

function failureOf({ taskId, reason = "unknown", endedAt, message }: EndedTask, now: number) {
  return { task: taskId, reason, ago_ms: now - endedAt, ...(message === undefined ? {} : { message }) };
}

function taskOf(active: ActiveExecution, now: number): TaskAnswer {
  const { execution, about, phase, stage, since, container } = active;
  const { title, image, ranForMs = 0 } = about;
  return {
    task: execution.taskId,
    ...(execution.executionId === "" ? {} : { execution: execution.executionId }),
    ...(title === undefined ? {} : { title }),
    ...(image === undefined ? {} : { image }),
    phase: phase === "running" ? stage.name : phase,
    phase_ms: now - stage.since,
    age_ms: now - since + ranForMs,
    ...(container === undefined ? {} : { container }),
  };
}

function endOf(ended: EndedTask) {
  const { taskId, executionId, title, image, reason, exitCode, message, lastLine } = ended;
  return {
    ended_at: ended.endedAt,
    task: taskId,
    ...(executionId === "" ? {} : { execution: executionId }),
    ...(title === undefined ? {} : { title }),
    ...(image === undefined ? {} : { image }),
    outcome: ended.outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(exitCode === undefined ? {} : { exit_code: exitCode }),
    ...(message === undefined ? {} : { message }),
    duration_ms: ended.durationMs,
    ...(lastLine === undefined ? {} : { last_line: lastLine }),
  };
}

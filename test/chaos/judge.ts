import type { OzEvent, Received } from "../support/oz-events.ts";
import { isPossible, verdictOf } from "./expectation.ts";
import type { Journal } from "./journal.ts";
import type { Plan, PlannedTask } from "./plan.ts";

/** What became of the tasks of a seed. */
export interface Judgement {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Of the wrong kind or code, or never claimed. */
  readonly wrong: readonly string[];
}

/** Judges what Oz has seen: each task by itself. */
export function judge(plan: Plan, events: readonly OzEvent[], journal: Journal): Judgement {
  const lost: string[] = [];
  const doubled: string[] = [];
  const wrong: string[] = [];
  const received = events.filter((event): event is OzEvent & { kind: "received" } => event.kind === "received");
  for (const task of plan.tasks) {
    const messages = received.filter(({ taskId }) => taskId === task.taskId);
    const story = tell(task, messages);
    const sentAt = events.find((event) => event.kind === "sent" && event.taskId === task.taskId)?.atMs ?? 0;
    const terminals = messages.filter(isTerminal);
    const last = terminals.at(-1);
    if (last === undefined) {
      lost.push(story);
      continue;
    }
    const claims = messages.filter(({ type }) => type === "task_claimed");
    const claimedAt = claims.at(-1)?.number ?? Number.POSITIVE_INFINITY;
    if ((claims[0]?.number ?? Number.POSITIVE_INFINITY) > (terminals[0]?.number ?? 0))
      wrong.push(`${story} (unclaimed)`);
    const after = terminals.filter(({ number }) => number > claimedAt);
    if (after.length === 0 && !crossedResult(events, task, last)) lost.push(`${story} (claimed last)`);
    const runs = runsOf(events, messages);
    for (const run of runs) {
      const told = run.filter(isTerminal);
      const [first, second] = [told[0], told.find(({ text }) => text !== told[0]?.text)];
      if (first !== undefined && second !== undefined && !journal.wasCodeLost(first.atMs, second.atMs))
        doubled.push(story);
    }
    for (const link of new Set(after.map((one) => one.link))) {
      const assigned = events.filter(
        (event) =>
          event.kind === "sent" &&
          event.type === "task_assignment" &&
          event.link === link &&
          event.taskId === task.taskId,
      );
      if (after.filter((one) => one.link === link).length > Math.max(1, assigned.length)) doubled.push(story);
    }
    for (const terminal of terminals) {
      const verdict = verdictOf(terminal.type, terminal.data);
      const run = runs.findIndex((one) => one.includes(terminal));
      // Who takes the task up then may be killed before it says so.
      const begunAt = run > 0 ? (runs[run - 1]?.find(isTerminal)?.atMs ?? sentAt) : sentAt;
      // It may be the end of the run before, told by an heir, as well as that of a second run.
      const sides = [sentAt, begunAt].map((fromMs) => journal.disturbances(task.taskId, fromMs, terminal.atMs));
      if (!sides.some((side) => isPossible(task, verdict, side))) wrong.push(`${story} ${JSON.stringify(sides)}`);
    }
  }
  return { lost, doubled, wrong };
}

/** A claim that crossed the result on its way: Oz had handed the task out again, unanswered, before it knew the result. */
function crossedResult(events: readonly OzEvent[], task: PlannedTask, result: Received): boolean {
  const isOfTask = (event: OzEvent) => "taskId" in event && event.taskId === task.taskId && event.atMs <= result.atMs;
  const about = events.filter(isOfTask);
  const sent = about.findLast((event) => event.kind === "sent" && event.type === "task_assignment");
  if (sent?.kind !== "sent") return false;
  return !about.some((event) => event.kind === "received" && event.link === sent.link && event.atMs >= sent.atMs);
}

/**
 * The messages about a task, one list for each time that Oz made it run: of several workers one may have been handed the
 * task while the result of another was on its way, and take it up when that one has cleared it away.
 */
function runsOf(events: readonly OzEvent[], messages: readonly Received[]): readonly (readonly Received[])[] {
  const runs: Received[][] = [[]];
  for (const message of messages) {
    const result = runs.at(-1)?.find(isTerminal);
    if (message.type === "task_claimed" && result !== undefined && wasHandedOutBeside(events, result)) runs.push([]);
    runs.at(-1)?.push(message);
  }
  return runs;
}

/** Whether the task had been sent over another link, and not been answered there, when its result came. */
function wasHandedOutBeside(events: readonly OzEvent[], result: Received): boolean {
  const before = events.filter(
    (event) =>
      "taskId" in event &&
      event.taskId === result.taskId &&
      "link" in event &&
      event.link !== result.link &&
      event.atMs <= result.atMs,
  );
  return before.some(
    (event) =>
      event.kind === "sent" &&
      event.type === "task_assignment" &&
      !before.some((other) => other.kind === "received" && other.link === event.link && other.atMs >= event.atMs),
  );
}

function isTerminal({ type }: Received): boolean {
  return type === "task_completed" || type === "task_failed";
}

function tell(task: PlannedTask, messages: readonly Received[]): string {
  const said = messages.map((one) => {
    const what =
      one.type === "task_claimed" || one.type === "task_rejected" ? one.type.slice(5) : verdictOf(one.type, one.data);
    return `${what}@${one.link}`;
  });
  return `${task.taskId} ${JSON.stringify(task.work)}: ${said.join(", ") || "no message"}`;
}

import type { TaskOnDaemon, TaskUsage } from "../operator/task-view.ts";
import { escapeUnprintable } from "../support/printable.ts";
import { shownSpan } from "../support/shown-span.ts";
import { JSON_FLAG, SELECTION, selectionOf, tellTrouble } from "./ask.ts";
import { refuse } from "./command.ts";
import { define } from "./define.ts";
import { HELP_FLAG } from "./flag.ts";
import { type SeenTask, seeTasks, taskJson } from "./see-tasks.ts";
import { cell, shownBytes, table } from "./table.ts";

/** Lists the tasks here. */
export const ps = define({
  meta: { name: "ps", description: "the tasks here: phase, age, CPU and memory" },
  args: {
    all: {
      type: "boolean",
      description: "those of other machines' and dead workers on the same daemon too, and kept ones",
    },
    ...SELECTION,
    json: JSON_FLAG,
    help: HELP_FLAG,
  },
  help: {
    synopsis: "[--all] [--worker-id ID] [--pid PID] [--json]",
    about: [
      "Without --all: what the workers here have at the moment. With it: every task's container on the Docker daemon, whether or not a worker runs.",
    ],
    exitCodes: [
      [0, "listed, perhaps nothing"],
      [1, "no worker here (see --all), or the Docker daemon does not answer"],
      [2, "bad flags"],
    ],
  },
  async run(values, around) {
    const selection = selectionOf(values);
    if ("problem" in selection) return refuse([selection.problem], around);
    const seen = await seeTasks(selection, values.all?.at(-1) === "true", around);
    const ids = seen.tasks.flatMap(({ onDaemon }) => (onDaemon?.state === "running" ? [onDaemon.containerId] : []));
    const usage = (await seen.view?.usage(ids).catch(() => undefined)) ?? new Map<string, TaskUsage>();
    await seen.view?.close();
    if (values.json?.at(-1) === "true") {
      around.stdout(
        `${JSON.stringify(
          seen.tasks.map((task) => asJson(task, usageOf(task.onDaemon, usage))),
          undefined,
          2,
        )}\n`,
      );
    } else if (seen.tasks.length > 0 || seen.trouble.length === 0) {
      around.stdout(
        table(
          HEADINGS,
          seen.tasks.map((task) => rowOf(task, usageOf(task.onDaemon, usage))),
        ),
      );
    }
    return tellTrouble(seen.trouble, around);
  },
});

const HEADINGS = ["TASK", "PHASE", "AGE", "CPU", "MEMORY", "WORKER", "IMAGE", "TITLE"];

function usageOf(task: TaskOnDaemon | undefined, usage: ReadonlyMap<string, TaskUsage>): TaskUsage | undefined {
  return task === undefined ? undefined : usage.get(task.containerId);
}

function rowOf(task: SeenTask, usage: TaskUsage | undefined): readonly string[] {
  const row = [
    task.taskId,
    task.phase,
    shownSpan(task.ageMs),
    usage === undefined ? "-" : `${usage.cpuPercent}%`,
    usage === undefined ? "-" : shownBytes(usage.memory),
    cell(task.workerId, 24),
    cell(task.image, 40),
    cell(task.title, 40),
  ];
  return row.map(escapeUnprintable);
}

function asJson(task: SeenTask, usage: TaskUsage | undefined): object {
  return {
    ...taskJson(task),
    cpu_percent: usage?.cpuPercent ?? null,
    memory_bytes: usage?.memory ?? null,
    memory_limit_bytes: usage?.memoryLimit ?? null,
    processes: usage?.processes ?? null,
  };
}

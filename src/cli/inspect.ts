import type { TaskDetails } from "../operator/task-view.ts";
import { messageOf } from "../support/message-of.ts";
import { escapeUnprintable } from "../support/printable.ts";
import { shownSpan } from "../support/shown-span.ts";
import { JSON_FLAG, tellTrouble } from "./ask.ts";
import { define } from "./define.ts";
import { HELP_FLAG } from "./flag.ts";
import { TASK_EXIT_CODES, TASK_OPERAND } from "./logs.ts";
import { pickTask, type SeenTask, seeTasks, taskJson } from "./see-tasks.ts";
import { shownBytes } from "./table.ts";

/** Tells all about one task. */
export const inspect = define({
  meta: { name: "inspect", description: "all about one task: phase, container, processes, limits, mounts" },
  args: { json: JSON_FLAG, help: HELP_FLAG },
  operands: [TASK_OPERAND],
  help: {
    synopsis: "TASK [--json]",
    about: ["Of variables only the names are shown, of processes only the programs."],
    exitCodes: TASK_EXIT_CODES,
  },
  async run(values, around) {
    const seen = await seeTasks({ workerId: undefined, pid: undefined }, true, around);
    try {
      const picked = pickTask(seen.tasks, values.TASK?.[0] ?? "");
      if ("problem" in picked) return tellTrouble([...seen.trouble, picked.problem], around);
      const { task } = picked;
      const details = task.onDaemon === undefined ? undefined : await seen.view?.details(task.onDaemon);
      if (values.json?.at(-1) === "true") around.stdout(`${JSON.stringify(asJson(task, details), undefined, 2)}\n`);
      else
        around.stdout(
          lines(task, details)
            .map(([name, text]) => `${`${name}:`.padEnd(14)}${escapeUnprintable(text)}\n`)
            .join(""),
        );
      return tellTrouble(seen.trouble, around);
    } catch (error) {
      return tellTrouble([messageOf(error)], around);
    } finally {
      await seen.view?.close();
    }
  },
});

function lines(task: SeenTask, details: TaskDetails | undefined): readonly (readonly [name: string, text: string])[] {
  const { executionId, title, image, phaseMs, container } = task;
  const phase = phaseMs === undefined ? task.phase : `${task.phase} for ${shownSpan(phaseMs)}`;
  const known: (readonly [string, string] | undefined)[] = [
    ["task", task.taskId],
    executionId === "" ? undefined : ["execution", executionId],
    title === undefined ? undefined : ["title", title],
    ["worker", task.workerId],
    ["phase", phase],
    ["age", shownSpan(task.ageMs)],
    image === undefined ? undefined : ["image", image],
    container === undefined ? undefined : ["container", container],
    ...(details === undefined ? [] : detailLines(details)),
    details?.state === "running" ? ["look inside", `docker exec -it ${details.container} sh`] : undefined,
  ];
  return known.flatMap((line) => (line === undefined ? [] : [line]));
}

function detailLines(details: TaskDetails): readonly (readonly [string, string] | undefined)[] {
  const { exitCode, outOfMemory, lastOutputMs, limits, mounts, variables, processes } = details;
  const limit = [
    limits.cpus === undefined ? "any CPUs" : `${limits.cpus} CPUs`,
    limits.memory === undefined ? "any memory" : `${shownBytes(limits.memory)} of memory`,
    ...(limits.pids === undefined ? [] : [`${limits.pids} processes`]),
  ];
  return [
    exitCode === undefined ? undefined : ["exit code", `${exitCode}${outOfMemory ? " (out of memory)" : ""}`],
    details.startedAt === undefined ? undefined : ["started", details.startedAt],
    exitCode === undefined || details.finishedAt === undefined ? undefined : ["finished", details.finishedAt],
    lastOutputMs === undefined ? undefined : ["last output", `${shownSpan(lastOutputMs)} ago`],
    ["limits", limit.join(", ")],
    ...mounts.map((mount) => ["mount", mount] as const),
    ["variables", variables.join(" ")],
    ...processes.map((process) => ["process", process] as const),
  ];
}

function asJson(task: SeenTask, details: TaskDetails | undefined): object {
  return {
    ...taskJson(task),
    state: details?.state ?? null,
    out_of_memory: details?.outOfMemory ?? null,
    started_at: details?.startedAt ?? null,
    finished_at: details?.finishedAt ?? null,
    last_output_ms: details?.lastOutputMs ?? null,
    limits: details?.limits ?? null,
    mounts: details?.mounts ?? null,
    variables: details?.variables ?? null,
    processes: details?.processes ?? null,
  };
}

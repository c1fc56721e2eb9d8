import { COUNT_TAKES, parseCount } from "../config/setting-values.ts";
import { messageOf } from "../support/message-of.ts";
import { tellTrouble } from "./ask.ts";
import { refuse } from "./command.ts";
import { define } from "./define.ts";
import { HELP_FLAG } from "./flag.ts";
import { pickTask, seeTasks } from "./see-tasks.ts";

export const TASK_OPERAND = {
  name: "TASK",
  takes: "the id of a task, or the beginning of one",
  description: "the task's id, or as much of it as no other has; TASK/EXECUTION where one has several",
} as const;

export const TASK_EXIT_CODES = [
  [0, "done"],
  [1, "no such task, more than one, or no answer"],
  [2, "bad flags"],
] as const;

/** Prints what a task prints. */
export const logs = define({
  meta: { name: "logs", description: "what a task has printed: one that runs, was taken over, or is kept" },
  args: {
    follow: { type: "boolean", alias: "f", description: "go on with what it prints until it ends" },
    tail: { type: "string", valueHint: "N", takes: COUNT_TAKES, description: "only the last N lines" },
    help: HELP_FLAG,
  },
  operands: [TASK_OPERAND],
  help: {
    synopsis: "TASK [-f] [--tail N]",
    about: ["Read from the Docker daemon, with or without a worker; secrets of the task are left out."],
    exitCodes: TASK_EXIT_CODES,
  },
  async run(values, around) {
    const written = values.tail?.at(-1);
    const tail = written === undefined ? undefined : parseCount(written);
    if (tail?.ok === false) return refuse([`--tail: ${tail.problem}`], around);
    const seen = await seeTasks({ workerId: undefined, pid: undefined }, true, around);
    const { view } = seen;
    if (view === undefined) return tellTrouble(seen.trouble, around);
    try {
      const picked = pickTask(seen.tasks, values.TASK?.[0] ?? "");
      if ("problem" in picked) return tellTrouble([picked.problem], around);
      const { onDaemon, phase } = picked.task;
      if (onDaemon === undefined) return tellTrouble([`the task has no container yet (${phase})`], around);
      await view.logs(onDaemon, {
        follow: values.follow?.at(-1) === "true",
        ...(tail === undefined ? {} : { tail: tail.value }),
        signal: around.interrupted(),
        write: around.stdout,
      });
      return 0;
    } catch (error) {
      return tellTrouble([messageOf(error)], around);
    } finally {
      await view.close();
    }
  },
});

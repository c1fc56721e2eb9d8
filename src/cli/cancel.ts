import { CANCEL } from "../operator/actions.ts";
import { TASKS } from "../operator/tasks.ts";
import { askRound, nameOf, tellTrouble } from "./ask.ts";
import { refuse } from "./command.ts";
import { define } from "./define.ts";
import { HELP_FLAG } from "./flag.ts";
import { TASK_EXIT_CODES, TASK_OPERAND } from "./logs.ts";
import { pickTask } from "./see-tasks.ts";

const ANYBODY = { workerId: undefined, pid: undefined };

/** Has a worker stop a task. */
export const cancel = define({
  meta: { name: "cancel", description: "have a worker stop a task; Oz is told that its operator did" },
  args: { yes: { type: "boolean", alias: "y", description: "do not ask first" }, help: HELP_FLAG },
  operands: [TASK_OPERAND],
  help: {
    synopsis: "TASK [-y]",
    about: [
      "The task gets SIGTERM and 10 s, and Oz task_failed with the reason task_cancelled. On a terminal it asks first; elsewhere it needs --yes.",
    ],
    exitCodes: TASK_EXIT_CODES,
  },
  async run(values, around) {
    const { answered, trouble } = await askRound(TASKS, {}, ANYBODY, around);
    const tasks = answered.flatMap(({ workerId, worker, answer }) =>
      answer.tasks.map((task) => ({
        pid: worker.pid,
        workerId,
        taskId: task.task,
        executionId: task.execution ?? "",
        title: task.title,
        phase: task.phase,
        ageMs: task.age_ms,
      })),
    );
    const picked = pickTask(tasks, values.TASK?.[0] ?? "");
    if ("problem" in picked) return tellTrouble([...trouble, picked.problem], around);
    const { task } = picked;
    const pid = tasks.find((one) => one === task)?.pid;
    if (values.yes?.at(-1) !== "true") {
      const title = task.title === undefined ? "" : ` (${task.title})`;
      const answer = await around.confirm(`Stop task ${task.taskId}${title} of worker ${task.workerId}?`);
      if (answer === undefined) return refuse(["there is nobody to ask: say --yes"], around);
      if (!answer) return tellTrouble(["nothing was stopped"], around);
    }
    const input = { task: task.taskId, ...(task.executionId === "" ? {} : { execution: task.executionId }) };
    const round = await askRound(CANCEL, input, { workerId: undefined, pid }, around);
    const said = round.answered.map((one) => ({
      done: one.answer.done,
      line: `${nameOf(one)} ${one.answer.said.join(" ")}`,
    }));
    for (const { done, line } of said) if (done) around.stdout(`${line}\n`);
    return tellTrouble([...round.trouble, ...said.flatMap(({ done, line }) => (done ? [] : [line]))], around);
  },
});

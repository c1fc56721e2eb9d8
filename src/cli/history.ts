import { type EndAnswer, HISTORY } from "../operator/tasks.ts";
import { escapeUnprintable } from "../support/printable.ts";
import { shownSpan } from "../support/shown-span.ts";
import { ASKING_EXIT_CODES, askRound, JSON_FLAG, SELECTION, selectionOf, tellTrouble } from "./ask.ts";
import { refuse } from "./command.ts";
import { define } from "./define.ts";
import { HELP_FLAG } from "./flag.ts";
import { cell, table } from "./table.ts";

/** Tells how the latest tasks of the workers here have ended. */
export const history = define({
  meta: { name: "history", description: "how the latest tasks ended: up to 200 of each worker here" },
  args: { ...SELECTION, json: JSON_FLAG, help: HELP_FLAG },
  help: {
    synopsis: "[--worker-id ID] [--pid PID] [--json]",
    about: ["A worker keeps its history in memory: it begins with the process."],
    exitCodes: ASKING_EXIT_CODES,
  },
  async run(values, around) {
    const selection = selectionOf(values);
    if ("problem" in selection) return refuse([selection.problem], around);
    const { answered, trouble } = await askRound(HISTORY, {}, selection, around);
    const ends = answered
      .flatMap(({ workerId, answer }) => answer.ends.map((end) => ({ worker_id: workerId, ...end })))
      .sort((one, other) => one.ended_at - other.ended_at);
    if (values.json?.at(-1) === "true") around.stdout(`${JSON.stringify(ends, undefined, 2)}\n`);
    else if (answered.length > 0) around.stdout(table(HEADINGS, ends.map(rowOf)));
    return tellTrouble(trouble, around);
  },
});

const HEADINGS = ["ENDED", "TASK", "TITLE", "OUTCOME", "CODE", "TOOK", "LAST LINE"];

function rowOf(end: EndAnswer): readonly string[] {
  const row = [
    new Date(end.ended_at).toISOString().slice(0, 19).replace("T", " "),
    end.task,
    cell(end.title, 30),
    end.reason ?? end.outcome,
    cell(end.exit_code?.toString(), 4),
    shownSpan(end.duration_ms),
    cell(end.last_line ?? end.message, 60),
  ];
  return row.map(escapeUnprintable);
}

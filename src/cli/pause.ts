import { DURATION_TAKES, parseTime } from "../config/duration.ts";
import { PAUSE, RESUME } from "../operator/actions.ts";
import { ASKING_EXIT_CODES, request, SELECTION } from "./ask.ts";
import { refuse } from "./command.ts";
import { define } from "./define.ts";
import { HELP_FLAG } from "./flag.ts";

const MAX_NOTE = 200;

/** Has a worker take no more tasks for a while. */
export const pause = define({
  meta: { name: "pause", description: "have a worker take no more tasks, until it is resumed" },
  args: {
    note: {
      type: "string",
      valueHint: "TEXT",
      takes: `a text of at most ${MAX_NOTE} characters`,
      description: "why; Oz is told it with each task that is not taken",
    },
    for: {
      type: "string",
      valueHint: "DURATION",
      takes: DURATION_TAKES,
      description: "resume by itself after so long",
    },
    ...SELECTION,
    help: HELP_FLAG,
  },
  help: {
    synopsis: "[--note TEXT] [--for DURATION] [flags]",
    about: ["Tasks that run go on. Oz keeps queued what is not taken. A pause ends with the process."],
    exitCodes: ASKING_EXIT_CODES,
  },
  async run(values, around) {
    const written = values.for?.at(-1);
    const forMs = written === undefined ? undefined : parseTime(written, 1_000);
    if (forMs?.ok === false) return refuse([`--for: ${forMs.problem}`], around);
    const note = values.note?.at(-1)?.trim();
    if (note !== undefined && note.length > MAX_NOTE)
      return refuse([`--note: takes a text of at most ${MAX_NOTE} characters`], around);
    const input = {
      ...(note === undefined || note === "" ? {} : { note }),
      ...(forMs === undefined ? {} : { for_ms: forMs.value }),
    };
    return await request(PAUSE, input, values, around);
  },
});

/** Has a paused worker take tasks again. */
export const resume = define({
  meta: { name: "resume", description: "have a paused worker take tasks again" },
  args: { ...SELECTION, help: HELP_FLAG },
  help: { synopsis: "[--worker-id ID] [--pid PID]", exitCodes: ASKING_EXIT_CODES },
  run: (values, around) => request(RESUME, {}, values, around),
});

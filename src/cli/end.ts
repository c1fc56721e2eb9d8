import { END, RELOAD } from "../operator/actions.ts";
import { TASKS } from "../operator/tasks.ts";
import { systemClock, pause as waitFor } from "../support/clock.ts";
import { ASKING_EXIT_CODES, askRound, request, SELECTION, selectionOf } from "./ask.ts";
import { define } from "./define.ts";
import { HELP_FLAG } from "./flag.ts";

const LOOK_EVERY_MS = 1_000;

/** Has a worker end when its tasks have ended. */
export const drain = define({
  meta: { name: "drain", description: "have a worker take no more tasks and end when those that run have ended" },
  args: {
    wait: { type: "boolean", description: "wait until it has ended" },
    ...SELECTION,
    help: HELP_FLAG,
  },
  help: {
    synopsis: "[--wait] [--worker-id ID] [--pid PID]",
    about: ["The same as SIGQUIT. --drain-timeout of the worker bounds it."],
    exitCodes: ASKING_EXIT_CODES,
  },
  async run(values, around) {
    const code = await request(END, { how: "drain" }, values, around);
    if (code !== 0 || values.wait?.at(-1) !== "true") return code;
    const selection = selectionOf(values);
    const interrupted = around.interrupted();
    while (!("problem" in selection) && !interrupted.aborted) {
      const { answered, trouble } = await askRound(TASKS, {}, selection, around);
      if (answered.length === 0 && trouble.every((line) => line.startsWith("no worker"))) break;
      await waitFor(systemClock, LOOK_EVERY_MS, interrupted);
    }
    return interrupted.aborted ? 1 : 0;
  },
});

/** Has a worker end and leave its tasks running. */
export const detach = define({
  meta: { name: "detach", description: "have a worker end and leave its tasks to the next worker of its id" },
  args: { ...SELECTION, help: HELP_FLAG },
  help: {
    synopsis: "[--worker-id ID] [--pid PID]",
    about: ["The same as SIGUSR2: how to upgrade without stopping anybody's agent."],
    exitCodes: ASKING_EXIT_CODES,
  },
  run: (values, around) => request(END, { how: "detach" }, values, around),
});

/** Has a worker read its settings anew. */
export const reload = define({
  meta: { name: "reload", description: "have a worker read its config file and settings anew" },
  args: { ...SELECTION, help: HELP_FLAG },
  help: {
    synopsis: "[--worker-id ID] [--pid PID]",
    about: ["The same as SIGHUP. What is wrong with the file is said, and changes nothing."],
    exitCodes: ASKING_EXIT_CODES,
  },
  run: (values, around) => request(RELOAD, {}, values, around),
});

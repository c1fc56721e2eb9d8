import { existsSync } from "node:fs";
import { END, RELOAD } from "../operator/actions.ts";
import { systemClock, pause as waitFor } from "../support/clock.ts";
import { ASKING_EXIT_CODES, act, request, SELECTION } from "./ask.ts";
import type { ExitCode, Surroundings } from "./command.ts";
import { define } from "./define.ts";
import { HELP_FLAG } from "./flag.ts";

const LOOK_EVERY_MS = 200;

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
    const { code, pids } = await act(END, { how: "drain" }, values, around);
    return code === 0 && values.wait?.at(-1) === "true" ? await untilGone(pids, around) : code;
  },
});

/** Waits until these processes are gone; 1 where the user has had enough before. */
async function untilGone(pids: readonly number[], around: Surroundings): Promise<ExitCode> {
  const interrupted = around.interrupted();
  while (pids.some((pid) => existsSync(`/proc/${pid}`))) {
    await waitFor(systemClock, LOOK_EVERY_MS, interrupted);
    if (interrupted.aborted) return 1;
  }
  return 0;
}

/** Has a worker end and leave its tasks running. */
export const detach = define({
  meta: { name: "detach", description: "have a worker end and leave its tasks to the next worker of its id" },
  args: { ...SELECTION, help: HELP_FLAG },
  help: {
    synopsis: "[--worker-id ID] [--pid PID]",
    about: ["The same as SIGUSR2, and comes back when it has ended: how to upgrade without stopping anybody's agent."],
    exitCodes: ASKING_EXIT_CODES,
  },
  async run(values, around) {
    const { code, pids } = await act(END, { how: "detach" }, values, around);
    // Who stops it meanwhile stops its tasks.
    return code === 0 ? await untilGone(pids, around) : code;
  },
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

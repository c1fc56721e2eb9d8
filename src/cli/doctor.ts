import { findingsAsJson, findingsAsText, isFit } from "../doctor/show-findings.ts";
import { JSON_FLAG } from "./ask.ts";
import { type Command, refuse } from "./command.ts";
import { define } from "./define.ts";
import { type Flags, HELP_FLAG } from "./flag.ts";

const TASK_TAKES = "the name of an image, such as ubuntu:22.04";

/** Looks at all that a worker with these flags would need; `workerFlags` are the worker's own. */
export function createDoctor(workerFlags: Flags): Command {
  const { help: _, version: __, ...flags } = workerFlags;
  return define({
    meta: { name: "doctor", description: "see whether a worker could work here, and what to mend; a line each" },
    args: {
      task: {
        type: "string",
        valueHint: "IMAGE",
        takes: TASK_TAKES,
        group: "Doctor",
        description: "also pull this image, run `true` in it and remove the container, and say how long each step took",
      },
      json: { ...JSON_FLAG, group: "Doctor" },
      ...flags,
      help: HELP_FLAG,
    },
    help: {
      synopsis: "[worker's flags] [--task IMAGE] [--json]",
      about: [
        "It takes the flags and the config file of the worker, and looks at the key, the way to Oz, this machine's clock, the Docker daemon, its limits, its disk and its logs, the logins of registries, and what earlier workers have left. Nothing is changed: the link to Oz is closed as soon as it is open.",
      ],
      exitCodes: [
        [0, "nothing failed; warnings do not count"],
        [1, "something failed: a worker could not work here"],
        [2, "bad flags"],
      ],
    },
    async run({ task: tasks, json, ...given }, around) {
      const task = tasks?.at(-1);
      if (task?.trim() === "") return refuse([`--task: is blank; it takes ${TASK_TAKES}`], around);
      const signal = around.interrupted();
      const findings = await around.examine({ given, signal, ...(task === undefined ? {} : { task }) });
      around.stdout((json?.at(-1) === "true" ? findingsAsJson : findingsAsText)(findings));
      return isFit(findings) ? 0 : 1;
    },
  });
}

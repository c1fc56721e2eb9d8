import { parseWorkerId, WORKER_ID_TAKES } from "../config/setting-values.ts";
import { checkHealth } from "../operator/check-health.ts";
import { refuse } from "./command.ts";
import { define } from "./define.ts";
import { HELP_FLAG } from "./flag.ts";

/** Asks the running workers how they are, those of one id or all. */
export const health = define({
  meta: { name: "health", description: "ask the workers here how they are; exit 0 if all are well, else 1" },
  args: {
    "worker-id": {
      type: "string",
      valueHint: "ID",
      takes: WORKER_ID_TAKES,
      description: "only the workers with this id (default: all of them, and all must be healthy)",
    },
    help: HELP_FLAG,
  },
  help: {
    synopsis: "[--worker-id ID]",
    about: [
      "It asks the workers of this machine, or of this container, over a local socket: no port. Only root and the user of a worker can ask it.",
    ],
    exitCodes: [
      [0, "each is connected to Oz and its Docker daemon answers"],
      [1, "not so, or none runs; one line on stderr says why"],
      [2, "bad flags"],
    ],
  },
  async run(values, around) {
    let workerId: string | undefined;
    for (const text of values["worker-id"] ?? []) {
      const id = parseWorkerId(text);
      if (!id.ok) return refuse([`--worker-id: ${id.problem}`], around);
      workerId = id.value;
    }
    const { healthy, line } = await checkHealth({ workerId, dockerSocket: around.dockerSocket() });
    (healthy ? around.stdout : around.stderr)(`${line}\n`);
    return healthy ? 0 : 1;
  },
});

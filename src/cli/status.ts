import { STATUS, type StatusAnswer } from "../operator/status.ts";
import { escapeUnprintable } from "../support/printable.ts";
import { shownSpan } from "../support/shown-span.ts";
import { ASKING_EXIT_CODES, askRound, JSON_FLAG, nameOf, SELECTION, selectionOf, tellTrouble } from "./ask.ts";
import { refuse } from "./command.ts";
import { define } from "./define.ts";
import { HELP_FLAG } from "./flag.ts";
import { shownBytes } from "./table.ts";

/** Tells how the workers here stand, a line each. */
export const status = define({
  meta: { name: "status", description: "how the workers here stand, a line each" },
  args: { ...SELECTION, json: JSON_FLAG, help: HELP_FLAG },
  help: {
    synopsis: "[--worker-id ID] [--pid PID] [--json]",
    about: ["It asks the workers of this machine, or of this container, over a local socket: no port."],
    exitCodes: ASKING_EXIT_CODES,
  },
  async run(values, around) {
    const selection = selectionOf(values);
    if ("problem" in selection) return refuse([selection.problem], around);
    const { answered, trouble } = await askRound(STATUS, {}, selection, around);
    if (values.json?.at(-1) === "true") {
      const all = answered.map(({ worker, workerId, answer }) => ({
        worker_id: workerId,
        pid: worker.pid,
        user: worker.uid,
        ...answer,
      }));
      around.stdout(`${JSON.stringify(all, undefined, 2)}\n`);
    } else {
      for (const one of answered) around.stdout(`${nameOf(one)}: ${statusLine(one.answer)}\n`);
    }
    return tellTrouble(trouble, around);
  },
});

/** One line for people. */
export function statusLine(status: StatusAnswer): string {
  const { link, tasks, door, disk, last_failure: failure } = status;
  const since = shownSpan(link.since_ms);
  const parts = [
    link.connected
      ? `connected for ${since}`
      : `NOT CONNECTED to Oz for ${since}${link.reason === undefined ? "" : ` (${link.reason})`}`,
    `${tasks.running}${tasks.limit > 0 ? ` of ${tasks.limit}` : ""} tasks`,
    ...(tasks.reporting > 0 ? [`${tasks.reporting} reporting`] : []),
    doorWords(door),
    ...(status.docker_problem === undefined ? [] : [`DOCKER DOES NOT ANSWER (${status.docker_problem})`]),
    ...(disk === undefined ? [] : [`disk ${shownBytes(disk.free)} of ${shownBytes(disk.total)} free`]),
    ...(failure === undefined
      ? []
      : [`last failure ${shownSpan(failure.ago_ms)} ago: ${failure.task} (${failure.reason})`]),
    `version ${status.version}, up ${shownSpan(status.up_ms)}`,
  ];
  return escapeUnprintable(parts.join("; "));
}

function doorWords({ kind, note, for_ms: forMs }: StatusAnswer["door"]): string {
  if (kind === "open") return "taking tasks";
  if (kind !== "paused") return kind.toUpperCase();
  const more = [...(forMs === undefined ? [] : [`for ${shownSpan(forMs)}`]), ...(note === undefined ? [] : [note])];
  return `PAUSED${more.length === 0 ? "" : ` (${more.join(": ")})`}`;
}

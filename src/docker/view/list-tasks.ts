import * as v from "valibot";
import type { TaskOnDaemon } from "../../operator/task-view.ts";
import { escapeUnprintable, shorten } from "../../support/printable.ts";
import { plainImage } from "../../support/shown-image.ts";
import type { Engine } from "../engine/engine.ts";
import { enginePath } from "../engine/engine-path.ts";
import { LABELS, labelledExecution } from "../records/labels.ts";

/** An element of `GET /containers/json`, as far as people are told of it. */
const Listed = v.object({
  Id: v.string(),
  Names: v.nullish(v.array(v.string()), []),
  Image: v.string(),
  State: v.string(),
  Status: v.string(),
  Created: v.number(),
  Labels: v.nullish(v.record(v.string(), v.string()), {}),
});

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_TITLE = 80;
/** `Exited (137) 3 minutes ago`. */
const EXITED = /^Exited \((\d+)\)/;

/** The containers of tasks, of every worker id, the oldest first. Labels can be anybody's: what they say is shown as text. */
export async function listTasks(engine: Engine, now: () => number): Promise<readonly TaskOnDaemon[]> {
  const query = { all: true, filters: JSON.stringify({ label: [`${LABELS.kind}=task`] }) };
  const path = enginePath`/containers/json`;
  const listed = await engine.call({ method: "GET", path, query, maxAnswerBytes: MAX_BYTES }, v.array(v.unknown()));
  return listed
    .flatMap((entry) => {
      const parsed = v.safeParse(Listed, entry);
      return parsed.success ? (taskOf(parsed.output, now()) ?? []) : [];
    })
    .sort((one, other) => other.ageMs - one.ageMs);
}

function taskOf(listed: v.InferOutput<typeof Listed>, now: number): TaskOnDaemon | undefined {
  const labelled = labelledExecution(listed.Labels);
  const [name] = listed.Names;
  if (labelled === undefined || name === undefined) return undefined;
  const title = escapeUnprintable(shorten(listed.Labels[LABELS.title] ?? "", MAX_TITLE));
  const exitCode = EXITED.exec(listed.Status)?.[1];
  return {
    workerId: labelled.workerId,
    ...labelled.execution,
    ...(title === "" ? {} : { title }),
    image: plainImage(listed.Image),
    containerId: listed.Id,
    container: name.replace(/^\//, ""),
    state: listed.State,
    ageMs: Math.max(0, now - listed.Created * 1_000),
    ...(exitCode === undefined ? {} : { exitCode: Number(exitCode) }),
  };
}

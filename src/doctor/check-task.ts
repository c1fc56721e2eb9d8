import type { TrialEnd } from "../docker/open-examination.ts";
import { shownImage } from "../support/shown-image.ts";
import { type Finding, fail, fromReason, ok, warn } from "./finding.ts";

/** Judges how a trial of an image went, with the time of each step. */
export function judgeTask(image: string, end: TrialEnd): readonly Finding[] {
  const times = end.steps.map(({ name, tookMs }) => `${name} ${(tookMs / 1_000).toFixed(1)} s`).join(", ");
  if (!end.ok) {
    const found = fromReason("task", "fail", `${shownImage(image)}: ${end.at} failed: ${end.problem}`);
    const said = times === "" ? found.said : `${found.said} (${times})`;
    return [fail("task", said, found.mend ?? "see the daemon's own log")];
  }
  const ran = ok("task", `${shownImage(image)} runs here: ${times}; nothing of it is left`);
  if (end.areLogsReadable) return [ran];
  return [ran, warn("logs", "the output of tasks that fail is lost: the daemon cannot read it", MEND)];
}

const MEND = "set log-driver to local or json-file in the daemon's daemon.json";

import type { LeftObjects } from "../docker/open-examination.ts";
import { quoted } from "../support/printable.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** More worker ids than that are counted. */
const MAX_IDS = 10;

/** Judges what workers have left that cannot be seen alive, a line for each worker id. */
export function judgeOrphans(left: readonly LeftObjects[], ownId: string | undefined): readonly Finding[] {
  if (left.length === 0) return [ok("orphans", "nothing is left of workers that are gone")];
  const lines = left.slice(0, MAX_IDS).map(({ workerId, containers, volumes }) => {
    const what = [counted(containers, "container"), counted(volumes, "volume")].filter((part) => part !== "");
    const own = workerId === ownId ? "that is this one: its start takes them over" : "start one to have that done";
    return warn(
      "orphans",
      `${what.join(" and ")} of worker id ${quoted(workerId)}, of which no worker can be seen alive`,
      `the next worker of that id, with the same key, takes them over; ${own}`,
    );
  });
  const more = left.length - MAX_IDS;
  return more > 0 ? [...lines, warn("orphans", `the same of ${more} more worker ids`)] : lines;
}

function counted(count: number, what: string): string {
  return count === 0 ? "" : `${count} ${what}${count === 1 ? "" : "s"}`;
}

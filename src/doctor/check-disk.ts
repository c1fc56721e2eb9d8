import type { DiskSpace } from "../host/disk-space.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import { shownGib } from "./shown-gib.ts";

const LEAST_FREE = 5 * 2 ** 30;
const LEAST_SHARE = 0.1;
const MEND = "make room (docker system df, docker image prune), or move the daemon's data-root";

/** Judges the disk of the daemon's data; `undefined` where it is not to be seen from here. */
export function judgeDisk(folder: string, disk: DiskSpace | undefined): Finding {
  if (disk === undefined) return ok("disk", `${folder} cannot be seen from here: it is on the daemon's machine`);
  const share = disk.total === 0 ? 0 : disk.free / disk.total;
  const said = `${shownGib(disk.free)} of ${shownGib(disk.total)} free (${Math.floor(share * 100)} %) at ${folder}`;
  if (disk.free < LEAST_FREE) return fail("disk", `nearly full: ${said}`, MEND);
  return share < LEAST_SHARE ? warn("disk", `getting full: ${said}`, MEND) : ok("disk", said);
}

import { readFile, statfs } from "node:fs/promises";
import { hostname } from "node:os";
import * as v from "valibot";
import type { DaemonFacts } from "../docker/open-examination.ts";
import type { DiskFacts } from "./check-disk.ts";

const SETTINGS = "/etc/docker/daemon.json";
const Settings = v.object({ "log-opts": v.optional(v.object({ "cache-disabled": v.optional(v.string()) }), {}) });

/** Whether the daemon is reached by a socket of this machine, and calls its machine by the same name. */
export function isThisMachine(facts: DaemonFacts, isBySocket: boolean): boolean {
  return isBySocket && facts.host === hostname();
}

/** The disk under a folder of this machine; `undefined` where it cannot be seen. */
export async function diskOf(folder: string): Promise<DiskFacts | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: bavail * bsize, total: blocks * bsize };
  } catch {
    return undefined;
  }
}

/** `cache-disabled` of the daemon's own settings; `undefined` where they cannot be read. */
export async function readCacheDisabled(): Promise<boolean | undefined> {
  try {
    const parsed = v.safeParse(Settings, JSON.parse(await readFile(SETTINGS, "utf8")));
    return parsed.success ? parsed.output["log-opts"]["cache-disabled"] === "true" : undefined;
  } catch {
    return undefined;
  }
}

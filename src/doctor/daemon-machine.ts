import { readFile, statfs } from "node:fs/promises";
import { hostname } from "node:os";
import * as v from "valibot";
import type { DaemonFacts } from "../docker/open-examination.ts";
import type { DiskFacts } from "./check-disk.ts";

/** What can be seen of the daemon's machine beside the daemon; nothing where that is another one. */
export interface DaemonMachine {
  readonly disk?: DiskFacts;
  readonly isLogCacheDisabled?: boolean;
}

const SETTINGS = "/etc/docker/daemon.json";
const Settings = v.object({ "log-opts": v.optional(v.object({ "cache-disabled": v.optional(v.string()) }), {}) });

/** Looks, where the daemon is reached by a socket of this machine and calls its machine by the same name. Never rejects. */
export async function lookAtMachine(facts: DaemonFacts, isBySocket: boolean): Promise<DaemonMachine> {
  if (!isBySocket || facts.host !== hostname()) return {};
  const [disk, isLogCacheDisabled] = await Promise.all([diskOf(facts.rootFolder), readCacheDisabled()]);
  return {
    ...(disk === undefined ? {} : { disk }),
    ...(isLogCacheDisabled === undefined ? {} : { isLogCacheDisabled }),
  };
}

async function diskOf(folder: string): Promise<DiskFacts | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: bavail * bsize, total: blocks * bsize };
  } catch {
    return undefined;
  }
}

async function readCacheDisabled(): Promise<boolean | undefined> {
  try {
    const parsed = v.safeParse(Settings, JSON.parse(await readFile(SETTINGS, "utf8")));
    return parsed.success ? parsed.output["log-opts"]["cache-disabled"] === "true" : undefined;
  } catch {
    return undefined;
  }
}

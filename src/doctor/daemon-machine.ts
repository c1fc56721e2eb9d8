import { readFile } from "node:fs/promises";
import * as v from "valibot";

const SETTINGS = "/etc/docker/daemon.json";
const Settings = v.object({ "log-opts": v.optional(v.object({ "cache-disabled": v.optional(v.string()) }), {}) });

/** `cache-disabled` of the daemon's own settings; `undefined` where they cannot be read. */
export async function readCacheDisabled(): Promise<boolean | undefined> {
  try {
    const parsed = v.safeParse(Settings, JSON.parse(await readFile(SETTINGS, "utf8")));
    return parsed.success ? parsed.output["log-opts"]["cache-disabled"] === "true" : undefined;
  } catch {
    return undefined;
  }
}

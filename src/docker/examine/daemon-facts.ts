import { hostname } from "node:os";
import * as v from "valibot";
import type { Engine } from "../engine/engine.ts";
import { enginePath } from "../engine/engine-path.ts";

/** `GET /info`, as far as it is used. A field that a daemon does not tell counts as no. */
const Info = v.object({
  Name: v.optional(v.string(), ""),
  DockerRootDir: v.optional(v.string(), ""),
  LoggingDriver: v.optional(v.string(), ""),
  MemoryLimit: v.optional(v.boolean(), false),
  SwapLimit: v.optional(v.boolean(), false),
  CpuCfsQuota: v.optional(v.boolean(), false),
  PidsLimit: v.optional(v.boolean(), false),
  CgroupVersion: v.optional(v.string(), "1"),
});

/** `GET /version`, as far as it is used here. */
const Versions = v.object({ ApiVersion: v.string(), MinAPIVersion: v.optional(v.string()) });

/** What a daemon says of itself and its machine. */
export interface DaemonFacts {
  /** Name of its machine. */
  readonly host: string;
  readonly rootFolder: string;
  readonly logDriver: string;
  readonly limits: {
    readonly memory: boolean;
    readonly swap: boolean;
    readonly cpu: boolean;
    readonly pids: boolean;
    /** Of the kernel's control groups: `1` or `2`. */
    readonly cgroups: string;
  };
}

/** The API versions that a daemon speaks, as `1.41`. */
export interface ApiRange {
  readonly oldest: string;
  readonly newest: string;
}

/** Asks the daemon. Rejects with an `EngineError`. */
export async function readDaemonFacts(engine: Engine, signal: AbortSignal): Promise<DaemonFacts> {
  const info = await engine.call({ method: "GET", path: enginePath`/info`, signal }, Info);
  return {
    host: info.Name,
    rootFolder: info.DockerRootDir,
    logDriver: info.LoggingDriver,
    limits: {
      memory: info.MemoryLimit,
      swap: info.SwapLimit,
      cpu: info.CpuCfsQuota,
      pids: info.PidsLimit,
      cgroups: info.CgroupVersion,
    },
  };
}

/** Whether the daemon is reached by a socket of this machine, and calls its machine by the same name: else its folders are not here. */
export function isThisMachine(facts: Pick<DaemonFacts, "host">, isBySocket: boolean): boolean {
  return isBySocket && facts.host === hostname();
}

/** Asks the daemon. Rejects with an `EngineError`. */
export async function readApiRange(engine: Engine, signal: AbortSignal): Promise<ApiRange> {
  const told = await engine.call({ method: "GET", path: enginePath`/version`, signal }, Versions);
  return { oldest: told.MinAPIVersion ?? told.ApiVersion, newest: told.ApiVersion };
}

import { statfs } from "node:fs/promises";
import * as v from "valibot";
import type { Engine } from "./engine.ts";
import { enginePath } from "./engine-path.ts";

/** In bytes; `free` is what who is not root may still use. */
export interface DiskSpace {
  readonly free: number;
  readonly total: number;
}

const LIMIT_MS = 4_000;
const Info = v.object({ DockerRootDir: v.string(), Name: v.optional(v.string()) });

/**
 * The disk that the daemon keeps its data on (`DockerRootDir` of `GET /info`), where that folder is one of this machine: a
 * worker in a container, or beside a remote daemon, does not see it. Rejects with an `EngineError`.
 */
export async function dataDisk(engine: Engine): Promise<DiskSpace | undefined> {
  const info = await engine.call({ method: "GET", path: enginePath`/info`, limitMs: LIMIT_MS }, Info);
  try {
    const { bavail, blocks, bsize } = await statfs(info.DockerRootDir);
    return { free: bavail * bsize, total: blocks * bsize };
  } catch {
    return undefined;
  }
}

import type Docker from "dockerode";
import { createEngine, type Engine } from "../../src/docker/engine/engine.ts";
import type { Records } from "../../src/docker/records/records.ts";
import type { Seals } from "../../src/docker/records/seals.ts";
import { encodeOwner, type Owner } from "../../src/host/owner.ts";
import { createOnce } from "../../src/support/once.ts";
import { recordedLog } from "./recorded-log.ts";

/** Where a worker makes its records; `engine` stands in for the daemon's own where a test changes it. */
export function recordsFor(
  docker: Docker,
  workerId: string,
  owner: Owner,
  seals: Seals,
  engine: Engine = createEngine(docker.modem),
  log = recordedLog(),
): Records {
  return { engine, seals, workerId, owner: encodeOwner(owner), now: Date.now, log, once: createOnce() };
}

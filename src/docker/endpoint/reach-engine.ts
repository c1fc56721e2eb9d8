import type Docker from "dockerode";
import type { Clock } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import { connectEngine } from "./connect-engine.ts";
import { describeEndpoint, exposure } from "./docker-endpoint.ts";
import type { EndpointFiles } from "./endpoint-files.ts";
import { type Environment, findEndpoint } from "./find-endpoint.ts";
import { openEndpoint } from "./open-endpoint.ts";
import { type EnginePlatform, probeEngine } from "./probe.ts";

/** A daemon that answers, and what is known of it. */
export interface ReachedEngine {
  readonly kind: "reached";
  readonly docker: Docker;
  readonly platform: EnginePlatform;
  /** The version that `docker` speaks, as `1.41`. */
  readonly apiVersion: string;
  readonly engineVersion: string;
  /** The daemon as an operator would write it, and where that came from. */
  readonly where: string;
  readonly source: string;
  /** Ends what leads to the daemon; call it once no request is under way. */
  close(): Promise<void>;
}

/** A daemon to work with, or the one line with which the worker ends. */
export type EngineReach = ReachedEngine | { readonly kind: "failed"; readonly problem: string };

export interface ReachOptions {
  readonly env: Environment;
  /** The user's home folder, where there is one. */
  readonly home?: string | undefined;
  readonly files?: EndpointFiles;
  readonly log: Log;
  readonly clock: Clock;
}

/** Finds the daemon, opens the way to it and sees whether this worker can use it. Never rejects. */
export async function reachEngine(options: ReachOptions): Promise<EngineReach> {
  const { env, log, clock } = options;
  const search = findEndpoint(options);
  if (search.kind === "failed") {
    return search;
  }
  for (const warning of search.warnings) {
    log.warn(warning);
  }
  const { endpoint, source } = search;
  const exposed = exposure(endpoint);
  if (exposed !== undefined) {
    log.warn(exposed);
  }
  const opened = await openEndpoint(endpoint, { source, log, clock, env });
  if (opened.kind === "failed") {
    return opened;
  }
  const { address } = opened;
  const probe = await probeEngine({ address, endpoint, source, env, clock });
  if (probe.kind === "failed") {
    await opened.close();
    return probe;
  }
  const { platform, apiVersion, engineVersion } = probe;
  return {
    kind: "reached",
    docker: connectEngine(address, apiVersion),
    platform,
    apiVersion,
    engineVersion,
    where: describeEndpoint(endpoint),
    source,
    close: () => opened.close(),
  };
}

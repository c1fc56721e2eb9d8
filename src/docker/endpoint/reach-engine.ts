import type Docker from "dockerode";
import type { Clock } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import type { Renewal } from "../engine/engine-watch.ts";
import { isAtLeast } from "./api-version.ts";
import { connectEngine } from "./connect-engine.ts";
import { createCurrentTls } from "./current-tls.ts";
import { describeEndpoint, exposure, type TlsMaterial } from "./docker-endpoint.ts";
import { type EndpointFiles, systemFiles } from "./endpoint-files.ts";
import type { EngineAddress } from "./engine-get.ts";
import { type Environment, findEndpoint } from "./find-endpoint.ts";
import { openEndpoint } from "./open-endpoint.ts";
import { type EnginePlatform, examineEngine, probeEngine } from "./probe.ts";
import { createRenewal } from "./renew-engine.ts";

/** A daemon that answers, and what is known of it. */
export interface ReachedEngine {
  readonly kind: "reached";
  readonly docker: Docker;
  readonly platform: EnginePlatform;
  /** The version that `docker` speaks at first, as `1.41`. */
  readonly apiVersion: string;
  readonly engineVersion: string;
  /** Whether the version that `docker` speaks now is that one or a newer one. */
  speaks(apiVersion: string): boolean;
  /** Looks at a daemon again that was away, and agrees with it anew on a version. Never rejects. */
  renew(): Promise<Renewal>;
  /** The daemon as an operator would write it, and where that came from. */
  readonly where: string;
  readonly source: string;
  /** The socket file on this machine, where that is the way to the daemon. */
  readonly socketPath: string | undefined;
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
  /** Limit of each of the first two questions, in milliseconds; that of the worker's start unless given. */
  readonly timeoutMs?: number;
}

/** Finds the daemon, opens the way to it and sees whether this worker can use it. Never rejects. */
export async function reachEngine(options: ReachOptions): Promise<EngineReach> {
  const { env, log, clock, timeoutMs } = options;
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
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
  const tlsNow = currentTls(address, options);
  const request = () => ({ address: withTls(address, tlsNow?.()), endpoint, source, env, clock });
  const probe = await probeEngine({ ...request(), ...limit });
  if (probe.kind === "failed") {
    await opened.close();
    return { kind: "failed", problem: probe.problem };
  }
  const { platform, apiVersion, engineVersion } = probe;
  const where = describeEndpoint(endpoint);
  const connection = connectEngine(address, apiVersion, tlsNow);
  let spoken = apiVersion;
  const speak = (version: string) => {
    spoken = version;
    connection.speak(version);
  };
  return {
    kind: "reached",
    docker: connection.docker,
    platform,
    apiVersion,
    engineVersion,
    speaks: (version) => isAtLeast(spoken, version),
    renew: createRenewal({ first: probe, where, examine: () => examineEngine(request()), speak, log }),
    where,
    source,
    socketPath: endpoint.kind === "unix" ? endpoint.socketPath : undefined,
    close: () => opened.close(),
  };
}

function currentTls(address: EngineAddress, options: ReachOptions): (() => TlsMaterial) | undefined {
  const { files = systemFiles, clock, log } = options;
  const first = address.kind === "tcp" ? address.tls : undefined;
  return first && createCurrentTls(first, { files, clock, log });
}

function withTls(address: EngineAddress, tls: TlsMaterial | undefined): EngineAddress {
  return address.kind === "tcp" && tls !== undefined ? { ...address, tls } : address;
}

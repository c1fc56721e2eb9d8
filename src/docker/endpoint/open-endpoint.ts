import type { Clock } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import type { DockerEndpoint } from "./docker-endpoint.ts";
import type { EngineAddress } from "./engine-get.ts";
import type { Environment } from "./find-endpoint.ts";

/** An address that takes requests until `close`, or why there is none, as `WHY; WHAT TO DO`. */
export type OpenedEndpoint =
  | { readonly kind: "open"; readonly address: EngineAddress; close(): Promise<void> }
  | { readonly kind: "failed"; readonly problem: string };

export interface OpenOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly env: Environment;
}

/** Makes an endpoint reachable: at once for sockets and tcp, by a supervised tunnel for ssh. Never rejects. */
export async function openEndpoint(endpoint: DockerEndpoint, _options: OpenOptions): Promise<OpenedEndpoint> {
  if (endpoint.kind === "ssh") {
    return { kind: "failed", problem: "ssh:// is not supported yet" };
  }
  return { kind: "open", address: endpoint, close: () => Promise.resolve() };
}

import { type DockerEndpoint, describeEndpoint } from "./docker-endpoint.ts";
import type { EngineAddress } from "./engine-get.ts";
import { openSshTunnel, type TunnelOptions } from "./ssh-tunnel.ts";

/** An address that takes requests until `close`, or one line: what was tried, where that came from, why, what to do. */
export type OpenedEndpoint =
  | { readonly kind: "open"; readonly address: EngineAddress; close(): Promise<void> }
  | { readonly kind: "failed"; readonly problem: string };

export interface OpenOptions extends TunnelOptions {
  /** Where the endpoint came from, as `findEndpoint` says it. */
  readonly source: string;
}

/** Makes an endpoint reachable: at once for sockets and tcp, by a supervised tunnel for ssh. Never rejects. */
export async function openEndpoint(endpoint: DockerEndpoint, options: OpenOptions): Promise<OpenedEndpoint> {
  if (endpoint.kind !== "ssh") {
    return { kind: "open", address: endpoint, close: () => Promise.resolve() };
  }
  const tunnel = await openSshTunnel(endpoint, options);
  if (tunnel.kind === "failed") {
    return { kind: "failed", problem: unusable(endpoint, options.source, tunnel.problem) };
  }
  return {
    kind: "open",
    address: { kind: "unix", socketPath: tunnel.socketPath },
    close: () => tunnel.close(),
  };
}

/** The line that says which daemon cannot be used and where it came from; `why` is `WHY; WHAT TO DO`. */
export function unusable(endpoint: DockerEndpoint, source: string, why: string): string {
  return `the Docker daemon at ${describeEndpoint(endpoint)} (from ${source}) cannot be used: ${why}`;
}

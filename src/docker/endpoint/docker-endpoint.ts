import { isLoopback } from "../../support/loopback.ts";

/** What a TLS connection to the daemon uses; already read and checked. PEM text, as it was at some moment. */
export interface TlsMaterial {
  /** The only roots that are trusted; absent: the built-in ones. */
  readonly ca?: string;
  /** Client certificate and its key: both or none. */
  readonly cert?: string;
  readonly key?: string;
  /** False: the daemon's certificate is not checked (`DOCKER_TLS`, a context's `SkipTLSVerify`). */
  readonly verify: boolean;
  /** The folder of the files, for messages. */
  readonly folder: string;
}

export interface UnixEndpoint {
  readonly kind: "unix";
  readonly socketPath: string;
}

export interface TcpEndpoint {
  readonly kind: "tcp";
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsMaterial;
}

export interface SshEndpoint {
  readonly kind: "ssh";
  /** As ssh takes it: a name, an address or a `Host` of the user's ssh configuration. */
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** The daemon's socket on the far side. */
  readonly remoteSocket: string;
}

/** Where a Docker daemon listens. */
export type DockerEndpoint = UnixEndpoint | TcpEndpoint | SshEndpoint;

/** The daemon's own default, on this machine and behind ssh. */
export const DEFAULT_SOCKET = "/var/run/docker.sock";

/** `host` as it stands in an address: IPv6 in brackets. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** The endpoint as an operator would write it in DOCKER_HOST; holds no secret. */
export function describeEndpoint(endpoint: DockerEndpoint): string {
  switch (endpoint.kind) {
    case "unix":
      return `unix://${endpoint.socketPath}`;
    case "tcp":
      return `tcp://${bracketed(endpoint.host)}:${endpoint.port}${endpoint.tls ? " with TLS" : ""}`;
    case "ssh": {
      const user = endpoint.user === undefined ? "" : `${endpoint.user}@`;
      const port = endpoint.port === undefined ? "" : `:${endpoint.port}`;
      const path = endpoint.remoteSocket === DEFAULT_SOCKET ? "" : endpoint.remoteSocket;
      return `ssh://${user}${bracketed(endpoint.host)}${port}${path}`;
    }
  }
}

/** One line on what is open to whoever is on the way to the daemon; `undefined` where nothing is. */
export function exposure(endpoint: DockerEndpoint): string | undefined {
  if (endpoint.kind !== "tcp" || endpoint.tls?.verify || isLoopback(endpoint.host)) return undefined;
  const how = endpoint.tls === undefined ? "without TLS" : "with a certificate that nobody checks";
  return (
    `${describeEndpoint(endpoint)} is used ${how}: whoever is on the way can read tasks and logins and give the daemon ` +
    "orders; use DOCKER_TLS_VERIFY=1 or ssh://"
  );
}

import { quoted } from "../../support/printable.ts";
import { DEFAULT_SOCKET, type SshEndpoint, type UnixEndpoint } from "./docker-endpoint.ts";

/** A tcp address before its TLS is known. `port` is absent where the text has none. */
export interface TcpAddress {
  readonly kind: "tcp";
  readonly host: string;
  readonly port?: number;
  /** The scheme asks for TLS by itself (`https`). */
  readonly secure: boolean;
}

/** An address, or what is wrong with it in words that follow where it came from. */
export type ParsedAddress =
  | UnixEndpoint
  | SshEndpoint
  | TcpAddress
  | { readonly kind: "failed"; readonly problem: string };

/**
 * Reads an address as the Docker CLI does: `unix://`, `tcp://`, `ssh://`; none of them is `tcp`. The CLI takes
 * `http://` and `https://` in contexts only, so they are read where `allowHttp` is true.
 */
export function parseAddress(raw: string, options: { readonly allowHttp: boolean }): ParsedAddress {
  const text = raw.trim();
  const mark = text.indexOf("://");
  const scheme = mark < 0 ? "tcp" : text.slice(0, mark);
  const rest = mark < 0 ? text : text.slice(mark + 3);
  switch (scheme) {
    case "unix":
      return { kind: "unix", socketPath: rest === "" ? DEFAULT_SOCKET : rest };
    case "tcp":
      if (mark < 0 && rest.startsWith("/")) {
        return failed(text, "is a path without a scheme; write unix:// in front of it");
      }
      return parseTcp(text, rest, false);
    case "http":
    case "https":
      if (options.allowHttp) {
        return parseTcp(text, rest, scheme === "https");
      }
      return failed(
        text,
        "has a scheme that Docker does not take here; write tcp://, with DOCKER_TLS_VERIFY=1 for TLS",
      );
    case "ssh":
      return parseSsh(text, rest);
    case "npipe":
      return failed(text, "is a Windows named pipe, which this worker cannot use; use unix://, tcp:// or ssh://");
    case "fd":
      return failed(text, "is for the daemon's own side (socket activation); use unix://, tcp:// or ssh://");
    default:
      return failed(text, "has an unknown scheme; use unix://, tcp:// or ssh://");
  }
}

/** An address as it may be shown: one bounded line without what stands before an `@`. */
function shown(text: string): string {
  return quoted(text.replace(/^([a-z]+:\/\/)?.*@/s, "$1...@"), 200);
}

interface HostPort {
  readonly user?: string;
  readonly password: boolean;
  readonly host: string;
  readonly port?: number;
  readonly path: string;
}

function splitHost(rest: string): HostPort | string {
  const slash = rest.search(/[/?#]/);
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? "" : rest.slice(slash);
  const at = authority.lastIndexOf("@");
  const userinfo = at < 0 ? "" : authority.slice(0, at);
  const found = /^(\[[^\][]+\]|[^:\][]*)(?::(\d*))?$/.exec(authority.slice(at + 1));
  if (found === null) {
    return "is no HOST:PORT; an IPv6 address goes in brackets, as in tcp://[::1]:2375";
  }
  const host = (found[1] ?? "").replace(/^\[|\]$/g, "");
  if (/[\s\p{Cc}]/u.test(host) || host.startsWith("-")) {
    return "has a host name that cannot be one";
  }
  const port = found[2] === undefined || found[2] === "" ? undefined : Number(found[2]);
  if (port !== undefined && (port < 1 || port > 65535)) {
    return "has a port outside 1 to 65535";
  }
  const user = decode(userinfo.split(":", 1)[0] ?? "");
  if (user === undefined || /[\s\p{Cc}]/u.test(user)) {
    return "has a user name that cannot be one";
  }
  return {
    ...(user === "" ? {} : { user }),
    password: userinfo.includes(":"),
    host,
    ...(port === undefined ? {} : { port }),
    path,
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function parseTcp(text: string, rest: string, secure: boolean): ParsedAddress {
  const parts = splitHost(rest);
  if (typeof parts === "string") {
    return failed(text, parts);
  }
  if (parts.path !== "" && parts.path !== "/") {
    return failed(text, "has something after the port, which this worker does not take; write tcp://HOST:PORT");
  }
  const port = parts.port === undefined ? {} : { port: parts.port };
  return { kind: "tcp", host: parts.host === "" ? "localhost" : parts.host, ...port, secure };
}

function parseSsh(text: string, rest: string): ParsedAddress {
  const parts = splitHost(rest);
  if (typeof parts === "string") {
    return failed(text, parts);
  }
  if (parts.password) {
    return failed(text, "holds a password, which ssh does not take from an address; use a key");
  }
  if (parts.host === "") {
    return failed(text, "has no host; write ssh://USER@HOST");
  }
  if (parts.user?.startsWith("-")) {
    return failed(text, "has a user name that cannot be one");
  }
  const socket = decode(parts.path);
  // ssh cuts its -L argument at colons and expands the other characters.
  if (socket === undefined || /[?#:%$[\]\\\s\p{Cc}]/u.test(socket)) {
    return failed(text, "has more than a socket path after the host; write ssh://USER@HOST:PORT/PATH/docker.sock");
  }
  return {
    kind: "ssh",
    host: parts.host,
    ...(parts.user === undefined ? {} : { user: parts.user }),
    ...(parts.port === undefined ? {} : { port: parts.port }),
    remoteSocket: socket === "" || socket === "/" ? DEFAULT_SOCKET : socket,
  };
}

function failed(text: string, what: string): ParsedAddress {
  return { kind: "failed", problem: `the address ${shown(text)} ${what}` };
}

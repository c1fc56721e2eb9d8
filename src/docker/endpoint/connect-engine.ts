import { Agent } from "node:https";
import type Docker from "dockerode";
import { bracketed, type TlsMaterial } from "./docker-endpoint.ts";
import { type EngineAddress, tlsOptions } from "./engine-get.ts";

export interface EngineConnection {
  readonly docker: Docker;
  /** From the next request on another API version is spoken, as `1.41`. */
  speak(apiVersion: string): void;
}

/**
 * A client for a daemon whose address was found and whose certificates were checked; `apiVersion` as `1.41`.
 * `tlsNow` is asked before each request of an address with TLS. Contacts nothing.
 */
export function connectEngine(
  address: EngineAddress,
  apiVersion: string,
  tlsNow?: () => TlsMaterial,
  env: Record<string, string | undefined> = process.env,
): EngineConnection {
  const docker = createClient(address, env);
  const { modem } = docker;
  // The client reads both anew for each request.
  const speak = (version: string) => void Object.assign(modem, { version: `v${version}` });
  speak(apiVersion);
  const first = address.kind === "tcp" ? address.tls : undefined;
  if (first !== undefined) {
    const agentNow = createAgents(tlsNow ?? (() => first));
    const dial = modem.dial.bind(modem);
    modem.dial = (...request: Parameters<typeof dial>) => {
      Object.assign(modem, { agent: agentNow() });
      return dial(...request);
    };
  }
  return { docker, speak };
}

/** Only by an agent can the client be told whether to verify; else NODE_TLS_REJECT_UNAUTHORIZED decides. */
function createAgents(tlsNow: () => TlsMaterial): () => Agent {
  let made: { readonly tls: TlsMaterial; readonly agent: Agent } | undefined;
  return () => {
    const tls = tlsNow();
    if (made === undefined || made.tls !== tls) made = { tls, agent: new Agent(tlsOptions(tls)) };
    return made.agent;
  };
}

function createClient(address: EngineAddress, env: Record<string, string | undefined>): Docker {
  // When it is loaded, a part of the client looks at DEBUG, and would print every request: logins and variables.
  const Client = withoutVariable(process.env, "DEBUG", loadClient);
  // The client mixes DOCKER_HOST, DOCKER_CERT_PATH and DOCKER_CLIENT_TIMEOUT into whatever it is given, and throws
  // on files that are not there; it looks at none of them without DOCKER_HOST.
  return withoutVariable(env, "DOCKER_HOST", () => new Client(addressOptions(address)));
}

function loadClient(): typeof Docker {
  return require("dockerode");
}

function withoutVariable<T>(env: Record<string, string | undefined>, name: string, work: () => T): T {
  const hidden = env[name];
  delete env[name];
  try {
    return work();
  } finally {
    if (hidden !== undefined) env[name] = hidden;
  }
}

function addressOptions(address: EngineAddress): Docker.DockerOptions {
  if (address.kind === "unix") {
    return { socketPath: address.socketPath, protocol: "http" };
  }
  // Unbracketed, an IPv6 address that starts with a letter is taken for a URL with a scheme.
  const target = { host: bracketed(address.host), port: address.port };
  return { ...target, protocol: address.tls === undefined ? "http" : "https" };
}

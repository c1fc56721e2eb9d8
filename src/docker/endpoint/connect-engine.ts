import { Agent } from "node:https";
import type Docker from "dockerode";
import { bracketed } from "./docker-endpoint.ts";
import { type EngineAddress, tlsOptions } from "./engine-get.ts";

export interface EngineConnection {
  readonly docker: Docker;
  /** From the next request on another API version is spoken, as `1.41`. */
  speak(apiVersion: string): void;
}

/**
 * A client for a daemon whose address was found and whose certificates were checked; `apiVersion` as `1.41`.
 * Contacts nothing.
 */
export function connectEngine(
  address: EngineAddress,
  apiVersion: string,
  env: Record<string, string | undefined> = process.env,
): EngineConnection {
  const docker = createClient(address, env);
  const { modem } = docker;
  // The client reads it anew for each request.
  const speak = (version: string) => void Object.assign(modem, { version: `v${version}` });
  speak(apiVersion);
  return { docker, speak };
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
  if (address.tls === undefined) {
    return { ...target, protocol: "http" };
  }
  // Only by an agent can the client be told whether to verify; else NODE_TLS_REJECT_UNAUTHORIZED decides.
  return { ...target, protocol: "https", ...{ agent: new Agent(tlsOptions(address.tls)) } };
}

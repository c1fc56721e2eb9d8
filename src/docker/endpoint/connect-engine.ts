import { Agent } from "node:https";
import Docker from "dockerode";
import { bracketed } from "./docker-endpoint.ts";
import { type EngineAddress, tlsOptions } from "./engine-get.ts";

/**
 * A client for a daemon whose address was found and whose certificates were checked; `apiVersion` as `1.41`.
 * Contacts nothing.
 */
export function connectEngine(
  address: EngineAddress,
  apiVersion: string,
  env: Record<string, string | undefined> = process.env,
): Docker {
  const options = { ...addressOptions(address), version: `v${apiVersion}` };
  // The client mixes DOCKER_HOST, DOCKER_CERT_PATH and DOCKER_CLIENT_TIMEOUT into whatever it is given, and throws
  // on files that are not there; it looks at none of them without DOCKER_HOST.
  const hidden = env.DOCKER_HOST;
  delete env.DOCKER_HOST;
  try {
    return new Docker(options);
  } finally {
    if (hidden !== undefined) {
      env.DOCKER_HOST = hidden;
    }
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
  const { rejectUnauthorized, ...material } = tlsOptions(address.tls);
  const plain = {
    ...target,
    protocol: "https" as const,
    ca: address.tls.ca,
    cert: address.tls.cert,
    key: address.tls.key,
  };
  // Only an agent can tell the client not to verify.
  return rejectUnauthorized ? plain : { ...plain, ...{ agent: new Agent({ ...material, rejectUnauthorized }) } };
}

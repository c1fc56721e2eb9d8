import { type EndpointQuery, findEndpoint } from "./find-endpoint.ts";

/** The socket of the Docker daemon that would be used, where it is one of this machine. Contacts nothing. */
export function localDockerSocket(query: EndpointQuery): string | undefined {
  const found = findEndpoint(query);
  return found.kind === "found" && found.endpoint.kind === "unix" ? found.endpoint.socketPath : undefined;
}

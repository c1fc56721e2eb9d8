import { createHash } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import { quoted } from "../../support/printable.ts";
import { DEFAULT_SOCKET, type DockerEndpoint } from "./docker-endpoint.ts";
import type { EndpointFiles } from "./endpoint-files.ts";
import { parseAddress, type TcpAddress } from "./parse-address.ts";
import { readJson } from "./read-json.ts";
import { readTls } from "./tls-material.ts";

/** The name by which the Docker CLI means "no context": DOCKER_HOST or the default socket. */
export const DEFAULT_CONTEXT = "default";

const ContextName = v.object({ Name: v.string() });

/** The part of `meta.json` that is used; a null field is an absent one. */
const ContextMeta = v.object({
  Endpoints: v.object({
    docker: v.object({ Host: v.nullish(v.string(), ""), SkipTLSVerify: v.nullish(v.boolean(), false) }),
  }),
});

/** A context's endpoint, or why it has none, in a sentence that names the context. */
export type ContextRead =
  | { readonly kind: "endpoint"; readonly endpoint: DockerEndpoint }
  | { readonly kind: "failed"; readonly problem: string };

export interface ContextRequest {
  readonly files: EndpointFiles;
  readonly configFolder: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Reads a context as the Docker CLI stores it: `contexts/meta/<id>/meta.json` and
 * `contexts/tls/<id>/docker/{ca,cert,key}.pem`, where the id is the SHA-256 of the name in hex.
 */
export function readContext(request: ContextRequest): ContextRead {
  const { files, configFolder, name } = request;
  const shown = quoted(name);
  const id = createHash("sha256").update(name).digest("hex");
  const metaPath = join(configFolder, "contexts", "meta", id, "meta.json");
  const meta = files.read(metaPath);
  if (meta.kind === "missing") {
    const known = listContexts(files, configFolder).map((one) => quoted(one));
    return failed(`there is no Docker context ${shown} in ${configFolder}; the contexts there: ${known.join(", ")}`);
  }
  if (meta.kind === "unreadable") {
    return failed(`the Docker context ${shown} cannot be read: ${metaPath} ${meta.reason}`);
  }
  const endpoint = readJson(ContextMeta, meta.text)?.Endpoints.docker;
  if (endpoint === undefined) {
    return failed(
      `the Docker context ${shown} has no usable docker endpoint in ${metaPath}; see \`docker context inspect\``,
    );
  }
  if (endpoint.Host === "") {
    return { kind: "endpoint", endpoint: { kind: "unix", socketPath: DEFAULT_SOCKET } };
  }
  const address = parseAddress(endpoint.Host, { allowHttp: true });
  if (address.kind === "failed") {
    return failed(`the Docker context ${shown} cannot be used: ${address.problem}`);
  }
  if (address.kind !== "tcp") {
    return { kind: "endpoint", endpoint: address };
  }
  const tlsFolder = join(configFolder, "contexts", "tls", id, "docker");
  return withContextTls(request, address, tlsFolder, endpoint.SkipTLSVerify);
}

/** The names of all contexts of a Docker config folder, `default` included. */
export function listContexts(files: EndpointFiles, configFolder: string): readonly string[] {
  const folder = join(configFolder, "contexts", "meta");
  const names = files.list(folder).flatMap((id) => {
    const meta = files.read(join(folder, id, "meta.json"));
    const name = meta.kind === "text" ? readJson(ContextName, meta.text)?.Name : undefined;
    return name === undefined ? [] : [name];
  });
  return [DEFAULT_CONTEXT, ...names.sort()];
}

function withContextTls(
  request: ContextRequest,
  address: TcpAddress,
  folder: string,
  skipVerify: boolean,
): ContextRead {
  const wanted = address.secure || skipVerify || request.files.list(folder).length > 0;
  // The CLI fills in 2375 when a context is made of DOCKER_HOST, but takes a stored address as a plain URL.
  const target = { kind: "tcp", host: address.host, port: address.port ?? (wanted ? 443 : 80) } as const;
  if (!wanted) {
    return { kind: "endpoint", endpoint: target };
  }
  const read = readTls({ files: request.files, folder, verify: !skipVerify, caRequired: false, now: request.now });
  if (read.kind === "failed") {
    return failed(`the Docker context ${quoted(request.name)} cannot be used: ${read.problem}`);
  }
  return { kind: "endpoint", endpoint: { ...target, tls: read.tls } };
}

function failed(problem: string): ContextRead {
  return { kind: "failed", problem };
}

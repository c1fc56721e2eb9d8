import { join } from "node:path";
import * as v from "valibot";
import { systemClock } from "../../support/clock.ts";
import { quoted } from "../../support/printable.ts";
import { DEFAULT_CONTEXT, readContext } from "./docker-context.ts";
import { DEFAULT_SOCKET, type DockerEndpoint } from "./docker-endpoint.ts";
import { type EndpointFiles, systemFiles } from "./endpoint-files.ts";
import { parseAddress, type TcpAddress } from "./parse-address.ts";
import { readJson } from "./read-json.ts";
import { readTls } from "./tls-material.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Found {
  readonly kind: "found";
  readonly endpoint: DockerEndpoint;
  /** Where it came from, in plain words: `DOCKER_HOST`, `context "prod" (DOCKER_CONTEXT)`, `the socket /run/x`. */
  readonly source: string;
  /** What was passed over on the way; each is worth one warning. */
  readonly warnings: readonly string[];
}

/** The daemon to use, or one line: what was tried, where that came from, why it failed, what to do. */
export type EndpointSearch = Found | { readonly kind: "failed"; readonly problem: string };

export interface EndpointQuery {
  readonly env: Environment;
  /** The user's home folder, where there is one. */
  readonly home?: string | undefined;
  readonly files?: EndpointFiles;
  /** Milliseconds since 1970; decides which certificates are expired. */
  readonly now?: number;
}

interface Scene {
  readonly env: Environment;
  readonly home: string | undefined;
  readonly configFolder: string | undefined;
  readonly files: EndpointFiles;
  readonly now: number;
  readonly warnings: string[];
}

const DockerConfig = v.object({ currentContext: v.nullish(v.string(), "") });

type Strategy = (scene: Scene) => EndpointSearch | undefined;

// What is set explicitly wins over what is found; the order is the Docker CLI's.
const strategies: readonly Strategy[] = [fromDockerHost, fromDockerContext, fromCurrentContext, fromSockets, fromTls];

/** Finds the Docker daemon as the Docker CLI would. Reads files, contacts nothing. */
export function findEndpoint(query: EndpointQuery): EndpointSearch {
  const { env, home, files = systemFiles, now = systemClock.epoch() } = query;
  const configFolder = set(env.DOCKER_CONFIG) ?? (set(home) === undefined ? undefined : join(home ?? "", ".docker"));
  const scene: Scene = { env, home: set(home), configFolder, files, now, warnings: [] };
  for (const strategy of strategies) {
    const answer = strategy(scene);
    if (answer !== undefined) {
      return answer;
    }
  }
  return failed(
    `no Docker daemon found: ${triedSockets(scene)}, and neither DOCKER_HOST nor a Docker context is set; ` +
      "start Docker, mount its socket, or set DOCKER_HOST",
  );
}

function fromDockerHost(scene: Scene): EndpointSearch | undefined {
  const value = set(scene.env.DOCKER_HOST);
  if (value === undefined) {
    return undefined;
  }
  const address = parseAddress(value, { allowHttp: false });
  if (address.kind === "failed") {
    return failed(`DOCKER_HOST cannot be used: ${address.problem}`);
  }
  if (address.kind !== "tcp") {
    return found(scene, address, "DOCKER_HOST");
  }
  // As the CLI has it: the port of an address without one is 2375, with TLS too.
  return withEnvironmentTls(scene, address, 2375, "DOCKER_HOST");
}

function fromDockerContext(scene: Scene): EndpointSearch | undefined {
  const name = set(scene.env.DOCKER_CONTEXT);
  return name === undefined || name === DEFAULT_CONTEXT ? undefined : fromContext(scene, name, "DOCKER_CONTEXT");
}

function fromCurrentContext(scene: Scene): EndpointSearch | undefined {
  // DOCKER_CONTEXT=default says: no context, whatever the file has.
  if (set(scene.env.DOCKER_CONTEXT) !== undefined || scene.configFolder === undefined) {
    return undefined;
  }
  const path = join(scene.configFolder, "config.json");
  const read = scene.files.read(path);
  if (read.kind === "missing") {
    return undefined;
  }
  const name = read.kind === "text" ? readJson(DockerConfig, read.text)?.currentContext : undefined;
  if (name === undefined) {
    const why = read.kind === "text" ? "is not what the Docker CLI writes" : read.reason;
    scene.warnings.push(`The Docker config file ${path} ${why}; its current context is passed over.`);
    return undefined;
  }
  return name === "" || name === DEFAULT_CONTEXT ? undefined : fromContext(scene, name, `currentContext of ${path}`);
}

function fromSockets(scene: Scene): EndpointSearch | undefined {
  const path = socketPaths(scene).find((candidate) => scene.files.socketAt(candidate).kind === "socket");
  return path === undefined ? undefined : found(scene, { kind: "unix", socketPath: path }, `the socket ${path}`);
}

// With no host at all the CLI takes a TLS variable as the wish for TLS on this machine.
function fromTls(scene: Scene): EndpointSearch | undefined {
  const variable = tlsVariable(scene);
  if (variable === undefined) {
    return undefined;
  }
  return withEnvironmentTls(scene, { kind: "tcp", host: "localhost", secure: true }, 2376, variable);
}

function fromContext(scene: Scene, name: string, origin: string): EndpointSearch {
  if (scene.configFolder === undefined) {
    return failed(
      `the Docker context ${quoted(name)} (${origin}) cannot be looked up: neither DOCKER_CONFIG nor HOME is set`,
    );
  }
  const read = readContext({ files: scene.files, configFolder: scene.configFolder, name, now: scene.now });
  return read.kind === "failed"
    ? failed(`${read.problem} (it is named by ${origin})`)
    : found(scene, read.endpoint, `context ${quoted(name)} (${origin})`);
}

function withEnvironmentTls(scene: Scene, address: TcpAddress, defaultPort: number, source: string): EndpointSearch {
  const target = { kind: "tcp", host: address.host, port: address.port ?? defaultPort } as const;
  const variable = tlsVariable(scene);
  if (variable === undefined) {
    return found(scene, target, source);
  }
  const folder = set(scene.env.DOCKER_CERT_PATH) ?? scene.configFolder;
  if (folder === undefined) {
    return failed(`${variable} is set but there is no folder of certificates; set DOCKER_CERT_PATH`);
  }
  const verify = variable === "DOCKER_TLS_VERIFY";
  const read = readTls({ files: scene.files, folder, verify, caRequired: true, now: scene.now });
  return read.kind === "failed"
    ? failed(`${source} cannot be used with ${variable}: ${read.problem}`)
    : found(scene, { ...target, tls: read.tls }, source);
}

// Any value but the empty one turns them on, "0" and "false" too: the CLI's rule.
function tlsVariable(scene: Scene): string | undefined {
  return ["DOCKER_TLS_VERIFY", "DOCKER_TLS"].find((name) => set(scene.env[name]) !== undefined);
}

function socketPaths(scene: Scene): readonly string[] {
  const runtime = set(scene.env.XDG_RUNTIME_DIR);
  return [
    DEFAULT_SOCKET,
    ...(runtime === undefined ? [] : [join(runtime, "docker.sock")]),
    ...(scene.home === undefined ? [] : [".docker/run", ".docker/desktop"]).map((folder) =>
      join(scene.home ?? "", folder, "docker.sock"),
    ),
  ];
}

function triedSockets(scene: Scene): string {
  return socketPaths(scene)
    .map((path) => {
      const state = scene.files.socketAt(path);
      return `${path} ${state.kind === "other" ? state.reason : "does not exist"}`;
    })
    .join(", ");
}

function set(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : value;
}

function found(scene: Scene, endpoint: DockerEndpoint, source: string): EndpointSearch {
  return { kind: "found", endpoint, source, warnings: scene.warnings };
}

function failed(problem: string): EndpointSearch {
  return { kind: "failed", problem };
}

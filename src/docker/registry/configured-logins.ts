import * as v from "valibot";
import type { Clock } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import { readAuthEntry } from "./auth-entry.ts";
import { createRegistryCredentials } from "./credentials.ts";
import {
  createDockerConfigReader,
  dockerConfigPath,
  type RegistryConfig,
  readConfigVariable,
} from "./docker-config.ts";
import type { LoginSource, RegistryLogin } from "./registry-auth.ts";
import { isSameRegistry, pathOfEntry, registryKey } from "./registry-key.ts";

/** A registry that the Docker config file, or DOCKER_AUTH_CONFIG, names. */
export interface ConfiguredRegistry {
  /** `docker.io` for Docker Hub, else host or host:port. */
  readonly registry: string;
  /** The path on the registry that the login is for; empty for all of it. */
  readonly path: string;
}

export interface ConfiguredLogins {
  /** Where the file is looked for; `undefined` where the environment names no folder. */
  readonly file: string | undefined;
  readonly registries: readonly ConfiguredRegistry[];
  /** What is wrong with the file or the variable, a line each. */
  readonly problems: readonly string[];
}

/** What a worker would show that registry, with what went wrong on the way, a line each without secrets. */
export interface LookedUpLogin {
  readonly login?: RegistryLogin;
  readonly source?: LoginSource;
  readonly problems: readonly string[];
}

export interface LoginSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly clock: Clock;
}

/** Lists the registries that there are logins for; runs no helper. Never rejects. */
export async function listConfiguredLogins({ env, home }: LoginSurroundings): Promise<ConfiguredLogins> {
  const { log, lines } = warningsOf();
  const configs = [await createDockerConfigReader({ env, home, log })(), readConfigVariable(env, log)];
  const found = configs.flatMap((config) => (config === undefined ? [] : registriesOf(config)));
  const unique = new Map(found.map((one) => [`${one.registry}/${one.path}`, one]));
  return { file: dockerConfigPath(env, home), registries: [...unique.values()], problems: lines };
}

/** Looks a login up as a pull does: a helper is run. Rejects only with the reason of an aborted signal. */
export async function lookUpLogin(
  { registry, path }: ConfiguredRegistry,
  { env, home, clock }: LoginSurroundings,
  limits: { readonly helperLimitMs: number; readonly signal: AbortSignal },
): Promise<LookedUpLogin> {
  const { log, lines } = warningsOf();
  const { helperLimitMs, signal } = limits;
  const credentials = createRegistryCredentials({ env, home, log, clock, helperLimitMs });
  const { auth, source } = await credentials.for({ registry, repository: path }, signal);
  const login = auth === undefined ? undefined : decodeHeader(auth.header);
  return {
    ...(login === undefined ? {} : { login }),
    ...(source === undefined ? {} : { source }),
    problems: lines,
  };
}

function registriesOf(config: RegistryConfig): readonly ConfiguredRegistry[] {
  const named = [...config.auths].flatMap(([key, entry]) => {
    // Beside a helper `docker login` leaves an empty entry; without one it says that there is no login.
    const isEmpty = readAuthEntry(entry).kind === "empty";
    return isEmpty && config.credsStore === "" && !config.credHelpers.has(key) ? [] : [key];
  });
  const keys = [...named, ...config.credHelpers.keys()];
  if (keys.length === 0 && config.credsStore !== "") keys.push(registryKey({ registry: "docker.io" }));
  return keys.flatMap((key) => {
    const isHub = isSameRegistry(key, registryKey({ registry: "docker.io" }));
    const host = key.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").split("/")[0] ?? "";
    const registry = isHub ? "docker.io" : host.slice(host.lastIndexOf("@") + 1);
    // What `docker login` keeps beside the login itself.
    return registry === "" || /\/(access|refresh)-token\/?$/.test(key) ? [] : [{ registry, path: pathOfEntry(key) }];
  });
}

const Header = v.object({
  username: v.optional(v.string(), ""),
  password: v.optional(v.string(), ""),
  identitytoken: v.optional(v.string(), ""),
  registrytoken: v.optional(v.string(), ""),
});

function decodeHeader(header: string): RegistryLogin | undefined {
  const parsed = v.safeParse(Header, JSON.parse(Buffer.from(header, "base64url").toString("utf8")));
  if (!parsed.success) return undefined;
  const { username, password, identitytoken, registrytoken } = parsed.output;
  if (registrytoken !== "") return { kind: "registry-token", token: registrytoken };
  if (identitytoken !== "") return { kind: "identity-token", token: identitytoken };
  return { kind: "password", username, password };
}

function warningsOf(): { readonly log: Log; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const take = (message: string) => void lines.push(message);
  const log: Log = { debug() {}, info() {}, warn: take, error: take, with: () => log };
  return { log, lines };
}

import { randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../../support/clock.ts";
import { createSharedWork } from "../../support/shared-work.ts";
import { findAuthEntry, readAuthEntry, secretsOfEntry } from "./auth-entry.ts";
import { askCredentialHelper, type HelperAnswer, helperProgram } from "./credential-helper.ts";
import {
  AUTH_VARIABLE,
  createDockerConfigReader,
  type DockerConfigOptions,
  type RegistryConfig,
  readConfigVariable,
} from "./docker-config.ts";
import type { SpawnProcess } from "./helper-process.ts";
import type { ImageReference } from "./image-reference.ts";
import { encodeRegistryAuth, type FoundLogin, type LoginSource, type RegistryLogin } from "./registry-auth.ts";
import { registryKey } from "./registry-key.ts";

/** The logins of DOCKER_AUTH_CONFIG and of the Docker config file, looked up as the Docker CLI does it. */
export interface RegistryCredentials {
  /**
   * The login for an image, none where there is none. Trouble is logged, without secrets, and answers none too. Rejects
   * only with the reason of an aborted `signal`.
   */
  for(reference: Pick<ImageReference, "registry" | "repository">, signal?: AbortSignal): Promise<FoundLogin>;
}

export interface RegistryCredentialsOptions extends DockerConfigOptions {
  readonly clock?: Clock;
  readonly spawn?: SpawnProcess;
  /** Milliseconds that a credential helper has; default 10 s. */
  readonly helperLimitMs?: number;
  /** Keeps fingerprints from telling anything outside of this process. */
  readonly fingerprintKey?: Uint8Array;
}

interface Found {
  readonly login?: RegistryLogin;
  readonly source?: LoginSource;
}

/** One look-up: the image's registry by its key, its path there, and what no message may repeat. */
interface Wanted {
  readonly key: string;
  readonly repository: string;
  readonly secrets: readonly string[];
  readonly signal: AbortSignal;
}

/** Reads files and runs helpers only when it is asked, and anew each time: logins change. */
export function createRegistryCredentials(options: RegistryCredentialsOptions): RegistryCredentials {
  const { env, log, clock = systemClock, spawn, helperLimitMs, fingerprintKey = randomBytes(32) } = options;
  const readFile = createDockerConfigReader(options);
  const variable = readConfigVariable(env, log);
  const helperRuns = createSharedWork<HelperAnswer>();
  const missingWarned = new Set<string>();

  const askHelper = (helper: string, { key, secrets, signal }: Wanted): Promise<HelperAnswer> =>
    // Many tasks start at once; a helper may dial a cloud.
    helperRuns.join(JSON.stringify([helper, key]), signal, (shared) =>
      askCredentialHelper(helper, key, {
        env,
        secrets,
        signal: shared,
        clock,
        ...(spawn === undefined ? {} : { spawn }),
        ...(helperLimitMs === undefined ? {} : { limitMs: helperLimitMs }),
      }),
    );

  const inAuths = ({ auths, origin }: RegistryConfig, { key, repository }: Wanted): Found => {
    const entry = findAuthEntry(auths, key, repository);
    const content = entry === undefined ? undefined : readAuthEntry(entry);
    const name = origin === AUTH_VARIABLE ? AUTH_VARIABLE : "the Docker config file";
    if (content?.kind === "login") return { login: content.login, source: { kind: "config", name } };
    if (content?.kind === "invalid") {
      const trouble = `the login in ${name} cannot be used: ${content.reason}`;
      const wayOut = origin === AUTH_VARIABLE ? "take it from a new docker login" : "run docker login again";
      log.warn(`${trouble}; ${wayOut}`, { registry: key, from: origin });
    }
    return {};
  };

  /** Asks the helper of a config; `instead` is what there is where it is missing or fails. */
  const inHelper = async (
    config: RegistryConfig,
    wanted: Wanted,
    instead: { readonly found: () => Found; readonly none: string },
  ): Promise<Found> => {
    const helper = config.credHelpers.get(wanted.key) ?? config.credsStore;
    if (helper === "") return instead.found();
    const answer = await askHelper(helper, wanted);
    if (answer.kind !== "missing") missingWarned.delete(helper);
    const source = { kind: "helper", program: helperProgram(helper), hasFailed: answer.kind === "failed" } as const;
    if (answer.kind === "login") return { login: answer.login, source };
    // A helper that knows the registry's login to be absent is believed: the Docker CLI (20.10 to 28) sends none then.
    if (answer.kind !== "missing" && answer.kind !== "failed") return { source };

    const { login } = instead.found();
    const outcome = login === undefined ? instead.none : "using the login of the config file instead";
    const isRepeated = answer.kind === "missing" && missingWarned.has(helper);
    if (answer.kind === "missing") missingWarned.add(helper);
    log[isRepeated ? "debug" : "warn"](`${answer.reason}; ${outcome}`, { registry: wanted.key, from: config.origin });
    return { ...(login === undefined ? {} : { login }), source };
  };

  /** The variable comes first, its plain logins before its helpers: of the variable the CLI knows those alone. */
  const inVariable = async (wanted: Wanted): Promise<Found> => {
    if (variable === undefined) return {};
    const plain = inAuths(variable, wanted);
    if (plain.login !== undefined) return plain;
    const none = "going on with the Docker config file";
    return await inHelper(variable, wanted, { found: () => ({}), none });
  };

  // When a helper is missing or fails, the CLI drops the error and sends what `auths` has for that registry, found by
  // watching the requests of `docker pull`. Operators move logins between the two, so the same file works here too.
  const inFile = (file: RegistryConfig, wanted: Wanted): Promise<Found> =>
    inHelper(file, wanted, { found: () => inAuths(file, wanted), none: "pulling without credentials" });

  return {
    async for(reference, signal = new AbortController().signal) {
      const key = registryKey(reference);
      const file = await readFile();
      const secrets = [variable, file].flatMap((config) => (config === undefined ? [] : secretsOfConfig(config)));
      const wanted = { key, repository: reference.repository, secrets, signal };
      const first = await inVariable(wanted);
      const found = first.login === undefined ? { ...first, ...(await inFile(file, wanted)) } : first;
      signal.throwIfAborted();
      return {
        ...(found.login === undefined ? {} : { auth: encodeRegistryAuth(found.login, key, fingerprintKey) }),
        ...(found.source === undefined ? {} : { source: found.source }),
      };
    },
  };
}

function secretsOfConfig(config: RegistryConfig): readonly string[] {
  return [...config.auths.values()].flatMap(secretsOfEntry);
}

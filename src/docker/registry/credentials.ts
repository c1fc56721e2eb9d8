import { randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../../support/clock.ts";
import { createSharedWork } from "../../support/shared-work.ts";
import { findAuthEntry, readAuthEntry } from "./auth-entry.ts";
import { askCredentialHelper, type HelperAnswer } from "./credential-helper.ts";
import { createDockerConfigReader, type DockerConfigOptions, type RegistryConfig } from "./docker-config.ts";
import type { SpawnProcess } from "./helper-process.ts";
import type { ImageReference } from "./image-reference.ts";
import { encodeRegistryAuth, type RegistryAuth, type RegistryLogin, secretsOf } from "./registry-auth.ts";
import { registryKey } from "./registry-key.ts";

/** The logins of the Docker config file, looked up as the Docker CLI does it. */
export interface RegistryCredentials {
  /**
   * The login for an image's registry, undefined where there is none. Trouble is logged, without secrets, and answers
   * undefined too. Rejects only with the reason of an aborted `signal`.
   */
  for(reference: Pick<ImageReference, "registry">, signal?: AbortSignal): Promise<RegistryAuth | undefined>;
}

export interface RegistryCredentialsOptions extends DockerConfigOptions {
  readonly clock?: Clock;
  readonly spawn?: SpawnProcess;
  /** Milliseconds that a credential helper has; default 10 s. */
  readonly helperLimitMs?: number;
  /** Keeps fingerprints from telling anything outside of this process. */
  readonly fingerprintKey?: Uint8Array;
}

/** Reads files and runs helpers only when it is asked, and anew each time: logins change. */
export function createRegistryCredentials(options: RegistryCredentialsOptions): RegistryCredentials {
  const { env, log, clock = systemClock, spawn, helperLimitMs, fingerprintKey = randomBytes(32) } = options;
  const readConfig = createDockerConfigReader(options);
  const helperRuns = createSharedWork<HelperAnswer>();
  const missingWarned = new Set<string>();

  const askHelper = (helper: string, key: string, config: RegistryConfig, signal: AbortSignal): Promise<HelperAnswer> =>
    // Many tasks start at once; a helper may dial a cloud.
    helperRuns.join(JSON.stringify([helper, key]), signal, (shared) =>
      askCredentialHelper(helper, key, {
        env,
        secrets: secretsOfConfig(config),
        signal: shared,
        clock,
        ...(spawn === undefined ? {} : { spawn }),
        ...(helperLimitMs === undefined ? {} : { limitMs: helperLimitMs }),
      }),
    );

  const fromFile = (config: RegistryConfig, key: string): RegistryLogin | undefined => {
    const entry = findAuthEntry(config.auths, key);
    const content = entry === undefined ? undefined : readAuthEntry(entry);
    if (content?.kind === "login") return content.login;
    if (content?.kind === "invalid") {
      log.warn(`the login in the Docker config file cannot be used: ${content.reason}; run docker login again`, {
        registry: key,
        file: config.path,
      });
    }
    return undefined;
  };

  const find = async (key: string, signal: AbortSignal): Promise<RegistryLogin | undefined> => {
    const config = await readConfig();
    const helper = config.credHelpers.get(key) ?? config.credsStore;
    if (helper === "") return fromFile(config, key);

    const answer = await askHelper(helper, key, config, signal);
    if (answer.kind !== "missing") missingWarned.delete(helper);
    if (answer.kind === "login") return answer.login;
    // A helper that knows the registry's login to be absent is believed: the Docker CLI (20.10 to 28) sends none then.
    if (answer.kind !== "missing" && answer.kind !== "failed") return undefined;

    // When the helper is missing or fails, the CLI drops the error and sends what `auths` has for that registry, found
    // by watching the requests of `docker pull`. Operators move logins between the two, so the same file works here too.
    const login = fromFile(config, key);
    const outcome = login === undefined ? "pulling without credentials" : "using the login of the config file instead";
    const isRepeated = answer.kind === "missing" && missingWarned.has(helper);
    if (answer.kind === "missing") missingWarned.add(helper);
    log[isRepeated ? "debug" : "warn"](`${answer.reason}; ${outcome}`, { registry: key, file: config.path });
    return login;
  };

  return {
    async for(reference, signal = new AbortController().signal) {
      const key = registryKey(reference);
      const login = await find(key, signal);
      signal.throwIfAborted();
      return login === undefined ? undefined : encodeRegistryAuth(login, key, fingerprintKey);
    },
  };
}

function secretsOfConfig(config: RegistryConfig): readonly string[] {
  return [...config.auths.values()].flatMap((entry) => {
    const content = readAuthEntry(entry);
    return content.kind === "login" ? secretsOf(content.login) : [];
  });
}

import { createHmac } from "node:crypto";

/** What one proves to a registry that one may pull. */
export type RegistryLogin =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  | { readonly kind: "identity-token"; readonly token: string }
  | { readonly kind: "registry-token"; readonly token: string };

/** A login as the Docker engine takes it. */
export interface RegistryAuth {
  /** Value of `X-Registry-Auth`: padded URL-safe base64 of JSON. */
  readonly header: string;
  /** Equal for equal logins to one registry; says nothing about them to whoever reads it. */
  readonly fingerprint: string;
  /** What must not be shown anywhere: password or token, and the forms in which it travels. */
  readonly secrets: readonly string[];
}

/** Who was asked for a login, for what is said where a registry refuses. */
export type LoginSource =
  | { readonly kind: "config"; readonly name: string }
  /** A credential helper; `hasFailed` where it may answer when it is asked again. */
  | { readonly kind: "helper"; readonly program: string; readonly hasFailed: boolean };

/** What was found for an image's registry; without `auth` there is no login. */
export interface FoundLogin {
  readonly auth?: RegistryAuth;
  readonly source?: LoginSource;
}

/**
 * Writes a login for the engine. Source of the format: Docker Engine API, section Authentication. `serverAddress` must
 * be the registry's own key: an engine with the containerd image store sends a login to no other host.
 */
export function encodeRegistryAuth(
  login: RegistryLogin,
  serverAddress: string,
  fingerprintKey: Uint8Array,
): RegistryAuth {
  const json = JSON.stringify({ ...fieldsOf(login), serveraddress: serverAddress });
  const header = Buffer.from(json, "utf8").toString("base64").replaceAll("+", "-").replaceAll("/", "_");
  return {
    header,
    fingerprint: createHmac("sha256", fingerprintKey).update(json).digest("hex"),
    secrets: [header, ...secretsOf(login)],
  };
}

/** Password or token, and `user:password` as basic authentication sends it. */
export function secretsOf(login: RegistryLogin): readonly string[] {
  if (login.kind !== "password") return [login.token];
  const pair = `${login.username}:${login.password}`;
  return [login.password, pair, Buffer.from(pair, "utf8").toString("base64")];
}

function fieldsOf(login: RegistryLogin): Readonly<Record<string, string>> {
  switch (login.kind) {
    case "password":
      return { username: login.username, password: login.password };
    case "identity-token":
      return { identitytoken: login.token };
    case "registry-token":
      return { registrytoken: login.token };
  }
}

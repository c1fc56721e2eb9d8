import type { AuthEntry } from "./docker-config.ts";
import type { RegistryLogin } from "./registry-auth.ts";
import { isSameRegistry } from "./registry-key.ts";

/** What an entry of `auths` holds; `invalid` carries a reason without any of its content. */
export type AuthEntryContent =
  | { readonly kind: "login"; readonly login: RegistryLogin }
  | { readonly kind: "empty" }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Reads an entry. A registry token goes before an identity token and that before a password, since the engine uses them
 * in this order when it is given several; `auth` wins over the plain fields, as in the Docker CLI.
 */
export function readAuthEntry(entry: AuthEntry): AuthEntryContent {
  if (entry.registrytoken !== "") return login({ kind: "registry-token", token: entry.registrytoken });
  if (entry.identitytoken !== "") return login({ kind: "identity-token", token: entry.identitytoken });
  if (entry.auth !== "") return decodeAuth(entry.auth);
  if (entry.username === "" && entry.password === "") return { kind: "empty" };
  if (entry.username === "" || entry.password === "") {
    return { kind: "invalid", reason: "username and password are not both set" };
  }
  return login({ kind: "password", username: entry.username, password: entry.password });
}

/** The entry for a registry: the key itself before its other spellings, and these in the file's order. */
export function findAuthEntry(auths: ReadonlyMap<string, AuthEntry>, key: string): AuthEntry | undefined {
  const exact = auths.get(key);
  if (exact !== undefined) return exact;
  const spellings = [...auths].filter(([entry]) => isSameRegistry(entry, key)).map(([, entry]) => entry);
  return spellings.find((entry) => readAuthEntry(entry).kind === "login") ?? spellings[0];
}

const login = (value: RegistryLogin): AuthEntryContent => ({ kind: "login", login: value });

/** `auth` is base64 of `user:password`; the password may hold colons. Padding may be missing, the alphabet URL-safe. */
function decodeAuth(auth: string): AuthEntryContent {
  const compact = auth.replace(/\s+/g, "");
  const digits = compact.replace(/=+$/, "");
  if (!/^[A-Za-z0-9+/_-]+$/.test(digits) || digits.length % 4 === 1) {
    return { kind: "invalid", reason: "auth is not base64" };
  }
  const pair = Buffer.from(digits, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  if (colon < 1) return { kind: "invalid", reason: "auth is not the base64 of user:password" };
  // Old clients padded with NUL bytes, and the Docker CLI trims them to this day.
  const password = pair.slice(colon + 1).replace(/^\0+|\0+$/g, "");
  if (password === "") return { kind: "invalid", reason: "auth has no password" };
  return login({ kind: "password", username: pair.slice(0, colon), password });
}

import type { AuthEntry } from "./docker-config.ts";
import { type RegistryLogin, secretsOf } from "./registry-auth.ts";
import { isSameRegistry, pathOfEntry } from "./registry-key.ts";

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

/**
 * The entry for an image: of those of its registry, in whatever spelling, the one with the longest path that fits. Of equal
 * ones the key itself counts before its other spellings, and these in the file's order. Where no path fits the first one
 * counts: the Docker CLI looks at the host alone.
 */
export function findAuthEntry(
  auths: ReadonlyMap<string, AuthEntry>,
  key: string,
  repository: string,
): AuthEntry | undefined {
  const all = [...auths]
    .filter(([spelling]) => spelling === key || isSameRegistry(spelling, key))
    .map(([spelling, entry]) => ({ isKey: spelling === key, path: pathOfEntry(spelling), entry }));
  const fitting = all.filter(({ path }) => path === "" || `${repository}/`.startsWith(`${path}/`));
  const candidates = (fitting.length > 0 ? fitting : all).toSorted(
    (a, b) => (fitting.length > 0 ? b.path.length - a.path.length : 0) || Number(b.isKey) - Number(a.isKey),
  );
  // Beside a helper `docker login` leaves an empty entry. Under the key itself it says that there is no login.
  const chosen = candidates.find(({ isKey, entry }) => isKey || readAuthEntry(entry).kind === "login");
  return (chosen ?? candidates[0])?.entry;
}

/** All that an entry holds and nobody must see. */
export function secretsOfEntry(entry: AuthEntry): readonly string[] {
  const content = readAuthEntry(entry);
  const fields = [entry.auth, entry.password, entry.identitytoken, entry.registrytoken];
  return [...fields.filter((field) => field !== ""), ...(content.kind === "login" ? secretsOf(content.login) : [])];
}

const login = (value: RegistryLogin): AuthEntryContent => ({ kind: "login", login: value });

/** `auth` is base64 of `user:password`; the password may hold colons. Padding may be missing, the alphabet URL-safe. */
function decodeAuth(auth: string): AuthEntryContent {
  const compact = auth.replace(/\s+/g, "");
  const digits = compact.replace(/(?<!=)=+$/, "");
  if (!/^[A-Za-z0-9+/_-]+$/.test(digits) || digits.length % 4 === 1) {
    return { kind: "invalid", reason: "auth is not base64" };
  }
  const pair = Buffer.from(digits, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  if (colon < 1) return { kind: "invalid", reason: "auth is not the base64 of user:password" };
  // Old clients padded with NUL bytes, and the Docker CLI trims them to this day.
  const password = pair.slice(colon + 1).replace(/^\0+|(?<!\0)\0+$/g, "");
  if (password === "") return { kind: "invalid", reason: "auth has no password" };
  return login({ kind: "password", username: pair.slice(0, colon), password });
}

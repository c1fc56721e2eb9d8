import { describe, expect, test } from "bun:test";
import { findAuthEntry, readAuthEntry } from "../../../src/docker/registry/auth-entry.ts";
import type { AuthEntry } from "../../../src/docker/registry/docker-config.ts";
import type { RegistryLogin } from "../../../src/docker/registry/registry-auth.ts";

const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64");
const entry = (fields: Partial<AuthEntry>): AuthEntry => ({
  auth: "",
  username: "",
  password: "",
  identitytoken: "",
  registrytoken: "",
  ...fields,
});
const password = (username: string, value: string): RegistryLogin => ({ kind: "password", username, password: value });

const readable: readonly [string, Partial<AuthEntry>, RegistryLogin][] = [
  ["auth", { auth: base64("u:p") }, password("u", "p")],
  ["colons in the password", { auth: base64("u:p:q::") }, password("u", "p:q::")],
  ["no padding", { auth: base64("u:pq").replace(/=+$/, "") }, password("u", "pq")],
  ["too much padding", { auth: `${base64("u:pq")}==` }, password("u", "pq")],
  ["URL-safe base64", { auth: base64("u:??>>~~").replaceAll("+", "-").replaceAll("/", "_") }, password("u", "??>>~~")],
  ["a line break inside", { auth: `${base64("u:pp").slice(0, 3)}\n${base64("u:pp").slice(3)}` }, password("u", "pp")],
  ["NUL bytes around the password", { auth: base64("u:\0p\0\0") }, password("u", "p")],
  ["non-ASCII", { auth: base64("jürgen:пароль") }, password("jürgen", "пароль")],
  ["plain fields", { username: "a", password: "b:c" }, password("a", "b:c")],
  ["auth before plain fields", { auth: base64("u:p"), username: "a", password: "b" }, password("u", "p")],
  ["identity token", { identitytoken: "it" }, { kind: "identity-token", token: "it" }],
  ["identity token beside auth", { auth: base64("u:"), identitytoken: "it" }, { kind: "identity-token", token: "it" }],
  ["registry token", { registrytoken: "rt" }, { kind: "registry-token", token: "rt" }],
  ["registry token before all", { registrytoken: "rt", identitytoken: "it" }, { kind: "registry-token", token: "rt" }],
];

const unusable: readonly [string, Partial<AuthEntry>][] = [
  ["not base64", { auth: "s3cr%t" }],
  ["a lone base64 digit", { auth: "s3cr3" }],
  ["no colon", { auth: base64("s3cr3t") }],
  ["no user", { auth: base64(":s3cr3t") }],
  ["no password", { auth: base64("s3cr3t:") }],
  ["only padding", { auth: "==" }],
  ["a user name alone", { username: "s3cr3t" }],
  ["a password alone", { password: "s3cr3t" }],
];

describe("readAuthEntry", () => {
  test.each(readable)("reads %s", (_, fields, login) => {
    expect(readAuthEntry(entry(fields))).toEqual({ kind: "login", login });
  });

  test.each(unusable)("names %s without showing it", (_, fields) => {
    const content = readAuthEntry(entry(fields));
    if (content.kind !== "invalid") throw new Error(`read as ${content.kind}`);
    expect(content.reason).not.toContain("s3cr");
  });

  test("takes an entry without fields, as a credential store leaves it, for none", () => {
    expect(readAuthEntry(entry({}))).toEqual({ kind: "empty" });
  });
});

const HUB = "https://index.docker.io/v1/";
const matches: readonly [string, string][] = [
  ["ghcr.io", "ghcr.io"],
  ["https://ghcr.io", "ghcr.io"],
  ["http://ghcr.io/", "ghcr.io"],
  ["https://ghcr.io/v2/", "ghcr.io"],
  ["ghcr.io/v2/team", "ghcr.io"],
  ["HTTPS://GHCR.io/v1/", "ghcr.io"],
  ["localhost:5000/", "localhost:5000"],
  ["https://[::1]:5000/v2/", "[::1]:5000"],
  ["https://[::1]/v2/", "[::1]"],
  ["https://user@ghcr.io/", "ghcr.io"],
  [HUB, HUB],
  ["https://index.docker.io/v1", HUB],
  ["index.docker.io", HUB],
  ["docker.io", HUB],
  ["https://docker.io/", HUB],
  ["https://index.docker.io/v2/", HUB],
  ["registry-1.docker.io", HUB],
];
const strangers: readonly [string, string][] = [
  ["ghcr.io.evil.example", "ghcr.io"],
  ["evil.example/ghcr.io", "ghcr.io"],
  ["https://ghcr.io@evil.example/", "ghcr.io"],
  ["ghcr.io:443", "ghcr.io"],
  ["ghcr.io", "ghcr.io:443"],
  ["sub.ghcr.io", "ghcr.io"],
  ["", "ghcr.io"],
  ["hub.docker.com", HUB],
  ["https://index.docker.io/v1/access-token", HUB],
  ["https://index.docker.io/v1/refresh-token", HUB],
  ["index.docker.io", "ghcr.io"],
];

describe("findAuthEntry", () => {
  const wanted = entry({ username: "a", password: "b" });

  test.each(matches)("takes the entry %p for %p", (key, registry) => {
    expect(findAuthEntry(new Map([[key, wanted]]), registry)).toBe(wanted);
  });

  test.each(strangers)("does not take the entry %p for %p", (key, registry) => {
    expect(findAuthEntry(new Map([[key, wanted]]), registry)).toBeUndefined();
  });

  test("prefers the key itself, even an empty entry", () => {
    const empty = entry({});
    const auths = new Map([
      ["https://ghcr.io", wanted],
      ["ghcr.io", empty],
    ]);
    expect(findAuthEntry(auths, "ghcr.io")).toBe(empty);
  });

  test("passes over other spellings that hold no login", () => {
    const auths = new Map([
      ["http://ghcr.io", entry({})],
      ["https://ghcr.io", wanted],
    ]);
    expect(findAuthEntry(auths, "ghcr.io")).toBe(wanted);
  });
});

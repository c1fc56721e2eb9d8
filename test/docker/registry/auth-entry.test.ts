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
    expect(findAuthEntry(new Map([[key, wanted]]), registry, "x")).toBe(wanted);
  });

  test.each(strangers)("does not take the entry %p for %p", (key, registry) => {
    expect(findAuthEntry(new Map([[key, wanted]]), registry, "x")).toBeUndefined();
  });

  test("prefers the key itself, even an empty entry", () => {
    const empty = entry({});
    const auths = new Map([
      ["https://ghcr.io", wanted],
      ["ghcr.io", empty],
    ]);
    expect(findAuthEntry(auths, "ghcr.io", "x")).toBe(empty);
  });

  test("passes over other spellings that hold no login", () => {
    const auths = new Map([
      ["http://ghcr.io", entry({})],
      ["https://ghcr.io", wanted],
    ]);
    expect(findAuthEntry(auths, "ghcr.io", "x")).toBe(wanted);
  });

  /** Keys in the file's order; the first word of each is what is chosen. */
  const byPath: readonly [
    what: string,
    keys: readonly string[],
    registry: string,
    repository: string,
    chosen: string,
  ][] = [
    ["the longest path that fits", ["h:1", "h:1/team", "h:1/team/a"], "h:1", "team/a/x", "h:1/team/a"],
    ["also where it comes first", ["h:1/team/a", "h:1/team", "h:1"], "h:1", "team/b", "h:1/team"],
    ["a path before the key itself", ["h:1/team", "h:1"], "h:1", "team/x", "h:1/team"],
    ["the whole image as a path", ["h:1/team", "h:1/team/x"], "h:1", "team/x", "h:1/team/x"],
    ["no half of a name", ["h:1/tea", "h:1"], "h:1", "team/x", "h:1"],
    ["no path of the image's children", ["h:1/team/x/y", "h:1"], "h:1", "team/x", "h:1"],
    ["a path behind a scheme", ["https://h:1", "https://h:1/team/"], "h:1", "team/x", "https://h:1/team/"],
    ["a path behind the API's version", ["h:1", "https://h:1/v2/team"], "h:1", "team/x", "https://h:1/v2/team"],
    ["the API's version as no path", ["https://h:1/v1/", "h:1/v2"], "h:1", "team/x", "https://h:1/v1/"],
    ["of Docker Hub", [HUB, "docker.io/team"], HUB, "team/x", "docker.io/team"],
    ["of Docker Hub's own images", ["docker.io/team", HUB], HUB, "library/x", HUB],
    ["another registry's path never", ["other/team", "h:1"], "h:1", "team/x", "h:1"],
    ["the first one, as the CLI does, where no path fits", ["h:1/a", "h:1/b/c"], "h:1", "team/x", "h:1/a"],
  ];
  test.each(byPath)("takes %s", (_, keys, registry, repository, chosen) => {
    const auths = new Map(keys.map((key) => [key, entry({ username: key, password: "p" })]));
    expect(findAuthEntry(auths, registry, repository)?.username).toBe(chosen);
  });

  test("takes a shorter path where the longer one holds no login", () => {
    const auths = new Map([
      ["ghcr.io/team", entry({})],
      ["https://ghcr.io", wanted],
    ]);
    expect(findAuthEntry(auths, "ghcr.io", "team/x")).toBe(wanted);
  });
});

test.each([
  ["padding", `${"=".repeat(200_000)}!`],
  ["NUL bytes", base64(`u:p${"\0".repeat(200_000)}q`)],
])("an auth of nothing but %s is read in no time", (_, auth) => {
  const begun = performance.now();
  readAuthEntry(entry({ auth }));
  expect(performance.now() - begun).toBeLessThan(2_000);
});

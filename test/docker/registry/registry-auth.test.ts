import { describe, expect, test } from "bun:test";
import { encodeRegistryAuth, type RegistryLogin } from "../../../src/docker/registry/registry-auth.ts";
import { registryKey } from "../../../src/docker/registry/registry-key.ts";

const KEY = Buffer.from("test key");
const password = (username: string, value: string): RegistryLogin => ({ kind: "password", username, password: value });
const decode = (header: string): unknown => JSON.parse(Buffer.from(header, "base64url").toString("utf8"));

describe("encodeRegistryAuth", () => {
  test.each([
    [password("u", 'p:"q"'), { username: "u", password: 'p:"q"', serveraddress: "ghcr.io" }],
    [password("jürgen", "пароль"), { username: "jürgen", password: "пароль", serveraddress: "ghcr.io" }],
    [{ kind: "identity-token", token: "it" } as const, { identitytoken: "it", serveraddress: "ghcr.io" }],
    [{ kind: "registry-token", token: "rt" } as const, { registrytoken: "rt", serveraddress: "ghcr.io" }],
  ])("writes %p for the engine", (login, json) => {
    expect(decode(encodeRegistryAuth(login, "ghcr.io", KEY).header)).toEqual(json);
  });

  test("the header is URL-safe base64, padded", () => {
    const headers = Array.from(
      { length: 64 },
      (_, i) => encodeRegistryAuth(password("u", "ÿ~?>".repeat(4) + "x".repeat(i)), "h", KEY).header,
    );
    for (const header of headers)
      expect(header).toMatch(/^(?:[A-Za-z0-9_-]{4})+(?:[A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=)?$/);
    expect(headers.join("")).toMatch(/[_-]/);
    expect(headers.some((header) => header.endsWith("="))).toBe(true);
  });

  test("equal logins have equal fingerprints, others others", () => {
    const logins: readonly (readonly [RegistryLogin, string])[] = [
      [password("u", "p"), "a"],
      [password("u", "p"), "b"],
      [password("u", "q"), "a"],
      [password("v", "p"), "a"],
      [{ kind: "identity-token", token: "p" }, "a"],
      [{ kind: "registry-token", token: "p" }, "a"],
    ];
    const fingerprints = logins.map(([login, server]) => encodeRegistryAuth(login, server, KEY).fingerprint);
    expect(new Set(fingerprints).size).toBe(logins.length);
    expect(encodeRegistryAuth(password("u", "p"), "a", KEY).fingerprint).toBe(fingerprints[0] ?? "");
    expect(encodeRegistryAuth(password("u", "p"), "a", Buffer.from("other")).fingerprint).not.toBe(
      fingerprints[0] ?? "",
    );
  });

  test("names what must not be shown, and not the user name", () => {
    const auth = encodeRegistryAuth(password("user", "secret"), "h", KEY);
    expect(auth.secrets).toEqual([auth.header, "secret", "user:secret", "dXNlcjpzZWNyZXQ="]);
    const token = encodeRegistryAuth({ kind: "identity-token", token: "tt" }, "h", KEY);
    expect(token.secrets).toEqual([token.header, "tt"]);
  });
});

test("a registry's key is its host, and a URL of old times for Docker Hub", () => {
  expect(registryKey({ registry: "docker.io" })).toBe("https://index.docker.io/v1/");
  expect(registryKey({ registry: "localhost:5000" })).toBe("localhost:5000");
});

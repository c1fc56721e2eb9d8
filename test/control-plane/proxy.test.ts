import { describe, expect, test } from "bun:test";
import { chooseProxy, type Env, proxySecrets } from "../../src/control-plane/proxy.ts";

const chosen = (target: string, env: Env) => {
  const choice = chooseProxy(new URL(target), env);
  return choice.kind === "proxy" ? choice.url : choice.kind;
};

describe("chooseProxy", () => {
  const a = "http://a:1";
  const b = "http://b:2";
  test.each<[string, string, Env, string]>([
    ["nothing is set", "wss://oz.example/ws", {}, "direct"],
    ["wss takes HTTPS_PROXY", "wss://oz.example/ws", { HTTPS_PROXY: a, HTTP_PROXY: b }, "http://a:1/"],
    ["ws takes HTTP_PROXY", "ws://oz.example/ws", { HTTPS_PROXY: a, HTTP_PROXY: b }, "http://b:2/"],
    ["wss does not take HTTP_PROXY", "wss://oz.example/ws", { HTTP_PROXY: b }, "direct"],
    ["lower case", "wss://oz.example/ws", { https_proxy: a }, "http://a:1/"],
    ["lower case wins", "wss://oz.example/ws", { https_proxy: a, HTTPS_PROXY: b }, "http://a:1/"],
    ["an empty lower case does not", "wss://oz.example/ws", { https_proxy: " ", HTTPS_PROXY: b }, "http://b:2/"],
    ["no scheme", "wss://oz.example/ws", { HTTPS_PROXY: "a:3128" }, "http://a:3128/"],
    ["user and password", "wss://oz.example/ws", { HTTPS_PROXY: "http://u:p%40@a:1" }, "http://u:p%40@a:1/"],
    ["TLS to the proxy", "wss://oz.example/ws", { HTTPS_PROXY: "https://a:1" }, "https://a:1/"],
    ["socks", "wss://oz.example/ws", { HTTPS_PROXY: "socks5://a:1" }, "unusable"],
    ["no URL", "wss://oz.example/ws", { HTTPS_PROXY: "http://a:b:c" }, "unusable"],
  ])("%s", (_, target, env, expected) => {
    expect(chosen(target, env)).toBe(expected);
  });

  test("a problem names the variable, not the value", () => {
    const choice = chooseProxy(new URL("wss://oz.example"), { https_proxy: "http://u:SECRET@:x:y" });
    expect(choice.kind).toBe("unusable");
    expect(JSON.stringify(choice)).toContain("https_proxy");
    expect(JSON.stringify(choice)).not.toContain("SECRET");
  });

  test.each<[string, string, boolean]>([
    ["oz.example", "wss://oz.example/ws", true],
    ["OZ.Example", "wss://oz.example/ws", true],
    ["oz.example", "wss://oz.example./ws", true],
    ["example", "wss://oz.example/ws", true],
    [".example", "wss://oz.example/ws", true],
    ["*.example", "wss://oz.example/ws", true],
    ["z.example", "wss://oz.example/ws", false],
    ["oz.example.com", "wss://oz.example/ws", false],
    ["other, oz.example", "wss://oz.example/ws", true],
    ["other oz.example", "wss://oz.example/ws", true],
    ["*", "wss://oz.example/ws", true],
    [" , ,", "wss://oz.example/ws", false],
    ["oz.example:443", "wss://oz.example/ws", true],
    ["oz.example:8443", "wss://oz.example/ws", false],
    ["oz.example:8443", "wss://oz.example:8443/ws", true],
    ["127.0.0.1", "wss://127.0.0.1:9/ws", true],
    ["127.0.0.0/8", "wss://127.0.0.1:9/ws", true],
    ["10.0.0.0/8", "wss://127.0.0.1:9/ws", false],
    ["127.0.0.0/99", "wss://127.0.0.1:9/ws", false],
    ["0.1", "wss://127.0.0.1:9/ws", false],
    ["[::1]", "wss://[::1]:9/ws", true],
    ["::1", "wss://[::1]:9/ws", true],
    ["[::1]:8", "wss://[::1]:9/ws", false],
    ["fd00::/8", "wss://[fd00::7]/ws", true],
    ["", "wss://oz.example/ws", false],
  ])("NO_PROXY %p for %s: %p", (list, target, direct) => {
    expect(chosen(target, { HTTPS_PROXY: "http://a:1", NO_PROXY: list })).toBe(direct ? "direct" : "http://a:1/");
  });
});

test("the secrets of a proxy's URL", () => {
  expect(proxySecrets(undefined)).toEqual([]);
  expect(proxySecrets("http://proxy:1/")).toEqual([]);
  expect(proxySecrets("http://me:pass%40word@proxy:1/")).toEqual(["pass%40word", "pass@word", "me"]);
  expect(proxySecrets("http://me:%zz@proxy:1/")).toContain("%zz");
});

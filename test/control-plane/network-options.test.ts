import { afterAll, describe, expect, test } from "bun:test";
import { createDialOptions } from "../../src/control-plane/network-options.ts";
import { collectTrust, SYSTEM_BUNDLES } from "../../src/control-plane/trust.ts";
import { TestAuthority } from "../support/certificates.ts";
import { ConnectProxy } from "../support/connect-proxy.ts";
import { recordedLog } from "../support/recorded-log.ts";
import { until } from "../support/until.ts";
import { linked } from "./linked.ts";

const authority = new TestAuthority();
const other = new TestAuthority();
const certificate = authority.issue();
afterAll(() => {
  authority[Symbol.dispose]();
  other[Symbol.dispose]();
});

function files(contents: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => {
    const text = contents[path];
    if (text === undefined) throw Object.assign(new Error(`no file ${path}`), { code: "ENOENT" });
    return text;
  };
}

describe("collectTrust", () => {
  const one = authority.pem.trim();
  const two = other.pem.trim();

  test("adds the system's bundle and both files to what is built in, each certificate once", () => {
    const readFile = files({ [SYSTEM_BUNDLES[0]]: `# text\n${one}\n`, "/a.pem": `${two}\n${one}\n`, "/b.pem": two });
    const env = { SSL_CERT_FILE: "/a.pem", NODE_EXTRA_CA_CERTS: "/b.pem" };
    expect(collectTrust({ env, readFile, builtIn: ["built-in"] })).toEqual({
      ca: ["built-in", one, two],
      problems: [],
    });
  });

  test.each(SYSTEM_BUNDLES)("%s is the system's bundle where none stands before it", (path) => {
    const later = SYSTEM_BUNDLES.slice(SYSTEM_BUNDLES.indexOf(path) + 1).map((other) => [other, two]);
    const readFile = files({ [path]: one, ...Object.fromEntries(later) });
    expect(collectTrust({ env: {}, readFile, builtIn: [] })).toEqual({ ca: [one], problems: [] });
  });

  test("the bundles are those that Go reads, in its order", () => {
    expect(SYSTEM_BUNDLES).toEqual([
      "/etc/ssl/certs/ca-certificates.crt",
      "/etc/pki/tls/certs/ca-bundle.crt",
      "/etc/ssl/ca-bundle.pem",
      "/etc/pki/tls/cacert.pem",
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
      "/etc/ssl/cert.pem",
    ]);
  });

  test("a machine without a bundle is no problem", () => {
    expect(collectTrust({ env: {}, readFile: files({}), builtIn: ["x"] })).toEqual({ ca: ["x"], problems: [] });
  });

  test("a named file that is missing, empty or broken is a problem with its name, and the rest is used", () => {
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    const readFile = files({ "/b.pem": `${broken}\n${two}` });
    const env = { SSL_CERT_FILE: "/a.pem", NODE_EXTRA_CA_CERTS: "/b.pem" };
    expect(collectTrust({ env, readFile, builtIn: [] })).toEqual({
      ca: [two],
      problems: [
        "SSL_CERT_FILE (/a.pem) cannot be read: ENOENT",
        "NODE_EXTRA_CA_CERTS (/b.pem) holds 1 certificate(s) that cannot be read",
      ],
    });
    expect(
      collectTrust({ env: { SSL_CERT_FILE: "/c" }, readFile: files({ "/c": "key" }), builtIn: [] }).problems,
    ).toEqual(["SSL_CERT_FILE (/c) holds no PEM certificate"]);
  });
});

describe("createDialOptions", () => {
  test("looks anew for every dial and warns once", () => {
    const contents: Record<string, string> = {};
    const log = recordedLog();
    const env = { SSL_CERT_FILE: "/ca.pem", HTTPS_PROXY: "socks5://u:SECRET@a:1" };
    const dialOptions = createDialOptions({
      url: "wss://oz.example/ws",
      log,
      env,
      readFile: (path) => files(contents)(path),
    });
    dialOptions();
    expect(dialOptions().tls?.ca).not.toContain(authority.pem.trim());
    expect(log.messages("warn")).toEqual([
      "For the link to Oz: HTTPS_PROXY names a socks5:// proxy; only http:// and https:// work; going on without it",
      "For the link to Oz: SSL_CERT_FILE (/ca.pem) cannot be read: ENOENT; going on without it",
    ]);
    contents["/ca.pem"] = authority.pem;
    expect(dialOptions().tls?.ca).toContain(authority.pem.trim());
  });

  test("ws needs no authorities", () => {
    expect(createDialOptions({ url: "ws://oz.example/ws", log: recordedLog(), env: {} })()).toEqual({});
  });
});

describe("a link over TLS", () => {
  const dial = (env: Readonly<Record<string, string>>) =>
    createDialOptions({
      url: "wss://127.0.0.1/",
      log: recordedLog(),
      env,
      readFile: files({ "/ca.pem": authority.pem }),
    });

  test("an unknown authority is refused with the reason, and retried", async () => {
    await using parts = await linked({ dialOptions: dial({}) }, { tls: certificate });
    parts.link.start();
    await until("the failure", () => parts.log.messages("warn").length === 1);
    expect(parts.log.messages("warn")[0]).toMatch(
      /TLS to 127\.0\.0\.1:\d+ failed: .*unknown authority; .*SSL_CERT_FILE/,
    );
    parts.clock.advance(1_200);
    await until("the next", () => parts.log.messages("warn").length === 2);
  });

  test.each(["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"])("%s makes it known", async (name) => {
    const dialOptions = dial({ [name]: "/ca.pem" });
    await using parts = await linked({ dialOptions }, { tls: certificate });
    parts.link.start();
    await parts.oz.waitForLink();
  });

  test("the status of a refusal comes through TLS too", async () => {
    const dialOptions = dial({ SSL_CERT_FILE: "/ca.pem" });
    await using parts = await linked({ dialOptions, apiKey: () => "wk-wrong-key" }, { tls: certificate });
    parts.link.start();
    await until("the failure", () => parts.log.messages("error").length === 1);
    expect(parts.log.messages("error")[0]).toContain(
      '401: Oz does not accept the API key; check --api-key or WARP_API_KEY (it says "invalid',
    );
  });

  test.each([
    ["another name", "DNS:other.example", 1, /its certificate is for another name/],
    ["an expired one", "IP:127.0.0.1", -1, /has expired/],
  ])("a certificate for %s is refused with the reason", async (_, names, days, expected) => {
    const dialOptions = dial({ SSL_CERT_FILE: "/ca.pem" });
    await using parts = await linked({ dialOptions }, { tls: authority.issue(names, days) });
    parts.link.start();
    await until("the failure", () => parts.log.messages("warn").length === 1);
    expect(parts.log.messages("warn")[0]).toMatch(expected);
  });
});

describe("a link through a proxy", () => {
  const PASSWORD = "pass@word-of-proxy";
  const withProxy = (scheme: string, env: Readonly<Record<string, string>>) =>
    createDialOptions({
      url: `${scheme}://127.0.0.1/`,
      log: recordedLog(),
      env: { SSL_CERT_FILE: "/ca.pem", ...env },
      readFile: files({ "/ca.pem": authority.pem }),
    });

  test.each([
    ["ws", "HTTP_PROXY", undefined],
    ["wss", "HTTPS_PROXY", certificate],
  ])("%s with user and password, which are in no line", async (scheme, name, tls) => {
    await using proxy = await ConnectProxy.start(`me:${PASSWORD}`);
    const url = `http://me:${encodeURIComponent(PASSWORD)}@127.0.0.1:${proxy.port}`;
    await using parts = await linked(
      { dialOptions: withProxy(scheme, { [name]: url }) },
      tls === undefined ? {} : { tls },
    );
    parts.link.start();
    await parts.oz.waitForLink();
    expect(proxy.asked).toEqual([`127.0.0.1:${parts.relay.port}`]);
    expect(parts.log.text()).not.toContain("word-of-proxy");
  });

  test("a wrong password is told apart, and shown nowhere", async () => {
    await using proxy = await ConnectProxy.start(`me:${PASSWORD}`);
    const dialOptions = withProxy("ws", { HTTP_PROXY: `http://me:wrong-word@127.0.0.1:${proxy.port}` });
    await using parts = await linked({ dialOptions });
    parts.link.start();
    await until("the failure", () => parts.log.messages("warn").length === 1);
    expect(parts.log.messages("warn")[0]).toContain(`the proxy 127.0.0.1:${proxy.port} asks for a user and a password`);
    expect(parts.log.text()).not.toContain("wrong-word");
    expect(parts.oz.openedLinks).toBe(0);
  });

  test("a proxy that is not there", async () => {
    const port = await ConnectProxy.start().then(async (proxy) => {
      await proxy[Symbol.asyncDispose]();
      return proxy.port;
    });
    await using parts = await linked({ dialOptions: withProxy("ws", { HTTP_PROXY: `127.0.0.1:${port}` }) });
    parts.link.start();
    await until("the failure", () => parts.log.messages("warn").length === 1);
    expect(parts.log.messages("warn")[0]).toContain(`connection refused by the proxy 127.0.0.1:${port}`);
  });

  test("NO_PROXY goes past it", async () => {
    await using proxy = await ConnectProxy.start(`me:${PASSWORD}`);
    const env = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, no_proxy: "127.0.0.0/8" };
    await using parts = await linked({ dialOptions: withProxy("ws", env) });
    parts.link.start();
    await parts.oz.waitForLink();
    expect(proxy.asked).toEqual([]);
  });
});

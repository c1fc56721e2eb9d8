import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createDialOptions } from "../../src/control-plane/network-options.ts";
import { probeStatus } from "../../src/control-plane/status-probe.ts";
import { systemClock } from "../../src/support/clock.ts";
import { type ServerCertificate, TestAuthority } from "../support/certificates.ts";
import { ConnectProxy } from "../support/connect-proxy.ts";
import { recordedLog } from "../support/recorded-log.ts";
import { until } from "../support/until.ts";
import { linked } from "./linked.ts";

/** NODE_TLS_REJECT_UNAUTHORIZED=0 ends the verification of every connection that does not ask for it. */

const authority = new TestAuthority();
const stranger = new TestAuthority();
afterAll(() => {
  authority[Symbol.dispose]();
  stranger[Symbol.dispose]();
});

const VARIABLE = "NODE_TLS_REJECT_UNAUTHORIZED";
let before: string | undefined;
beforeEach(() => {
  before = process.env[VARIABLE];
  process.env[VARIABLE] = "0";
});
afterEach(() => {
  if (before === undefined) delete process.env[VARIABLE];
  else process.env[VARIABLE] = before;
});

const good = authority.issue();
const impostors: readonly (readonly [string, ServerCertificate, RegExp])[] = [
  ["of an unknown authority", stranger.issue(), /unknown authority/],
  ["for another name", authority.issue("DNS:other.example"), /for another name/],
];

const trusting = (env: Readonly<Record<string, string>> = {}) =>
  createDialOptions({
    url: "wss://127.0.0.1/",
    log: recordedLog(),
    env: { SSL_CERT_FILE: "/ca.pem", ...env },
    readFile: (path) => {
      if (path === "/ca.pem") return authority.pem;
      throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    },
  });

test("the variable works on what does not ask", async () => {
  using server = Bun.serve({ port: 0, tls: stranger.issue(), fetch: () => new Response("x") });
  expect((await fetch(`https://127.0.0.1:${server.port}/`)).status).toBe(200);
});

describe.each(impostors)("a certificate %s", (_, certificate, reason) => {
  test("gets no link", async () => {
    await using parts = await linked({ dialOptions: trusting() }, { tls: certificate });
    parts.link.start();
    await until("the failure", () => parts.log.messages("warn").length === 1);
    expect(parts.log.messages("warn")[0]).toMatch(reason);
    expect(parts.oz.openedLinks).toBe(0);
    expect(parts.oz.events).toEqual([]);
  });

  test("of an https:// proxy gets no link, and is asked for none", async () => {
    await using proxy = await ConnectProxy.start("me:word", certificate);
    const dialOptions = trusting({ HTTPS_PROXY: `https://me:word@127.0.0.1:${proxy.port}` });
    await using parts = await linked({ dialOptions }, { tls: good });
    parts.link.start();
    await until("the failure", () => parts.log.messages("warn").length === 1);
    expect(parts.log.messages("warn")[0]).toMatch(reason);
    expect(proxy.asked).toEqual([]);
  });

  test("gets no question about a failure, and so no key", async () => {
    let asked = 0;
    using server = Bun.serve({
      port: 0,
      tls: certificate,
      fetch() {
        asked += 1;
        return new Response("x");
      },
    });
    await using proxy = await ConnectProxy.start("me:word", certificate);
    const ask = (env: Readonly<Record<string, string>>) =>
      probeStatus({
        url: `https://127.0.0.1:${server.port}/`,
        headers: { Authorization: "Bearer wk-key" },
        options: trusting(env)(),
        limitMs: 5_000,
        clock: systemClock,
        signal: new AbortController().signal,
      });
    expect(await ask({})).toBeUndefined();
    expect(await ask({ HTTPS_PROXY: `https://me:word@127.0.0.1:${proxy.port}` })).toBeUndefined();
    expect({ asked, proxied: proxy.asked }).toEqual({ asked: 0, proxied: [] });
  });
});

test("what is verified is linked all the same, through an https:// proxy too", async () => {
  await using proxy = await ConnectProxy.start("me:word", good);
  const dialOptions = trusting({ HTTPS_PROXY: `https://me:word@127.0.0.1:${proxy.port}` });
  await using parts = await linked({ dialOptions }, { tls: good });
  parts.link.start();
  await parts.oz.waitForLink();
  expect(proxy.asked).toEqual([`127.0.0.1:${parts.relay.port}`]);
});

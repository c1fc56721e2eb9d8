import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { daemonSocket } from "../docker/endpoint/daemon-socket.ts";
import { answerWith, freePort, httpAnswer, relayTo } from "../docker/endpoint/local-server.ts";
import { ScratchFolder } from "../docker/endpoint/scratch-folder.ts";
import { TestAuthority } from "../support/certificates.ts";
import { ConnectProxy } from "../support/connect-proxy.ts";
import { withOwnFiles } from "../support/own-files.ts";
import { OzScene } from "./oz-scene.ts";

/** The link to Oz as it is on company networks: certificate authorities of their own, and proxies. */

const PASSWORD = "p@ss:word-of-the-proxy";
const authority = new TestAuthority();
const tls = authority.issue();
const folder = new ScratchFolder();
let proxy: ConnectProxy;
let proxyUrl = "";
let deadPort = 0;

beforeAll(async () => {
  folder.write("certs/ca-certificates.crt", authority.pem);
  folder.write("nsswitch.conf", "hosts: files\n");
  proxy = await ConnectProxy.start(`company:${PASSWORD}`);
  proxyUrl = `http://company:${encodeURIComponent(PASSWORD)}@127.0.0.1:${proxy.port}`;
  deadPort = await freePort();
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  authority[Symbol.dispose]();
  folder[Symbol.dispose]();
});

const trusting = { SSL_CERT_FILE: authority.file };
const inNamespace = {
  bundle: withOwnFiles({ "/etc/ssl/certs": join(folder.path, "certs") }),
  noNames: withOwnFiles({ "/etc/nsswitch.conf": join(folder.path, "nsswitch.conf") }),
};

function expectNoPassword(scene: OzScene): void {
  const forms = [PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(`company:${PASSWORD}`).toString("base64")];
  expect(forms.filter((form) => scene.log.includes(form))).toEqual([]);
}

describe("an Oz whose certificate comes from a company's own authority", () => {
  test("is refused with the reason, again and again, until the authority's file is there", async () => {
    const late = join(folder.path, "late.pem");
    await using scene = new OzScene({ tls, env: { SSL_CERT_FILE: late } });
    const reason =
      /^TLS to 127\.0\.0\.1:\d+ failed: its certificate is signed by an unknown authority; add .*SSL_CERT_FILE/;
    expect(await scene.failure()).toMatch(reason);
    const from = scene.worker.lines.length;
    expect(await scene.failure(from)).toMatch(reason);
    expect(scene.oz.openedLinks).toBe(0);
    expect(scene.log).toContain(`SSL_CERT_FILE (${late}) cannot be read: ENOENT`);
    await Bun.write(late, authority.pem);
    await scene.oz.waitForLink();
    await rm(late);
  });

  test.each([
    ["SSL_CERT_FILE", { env: { SSL_CERT_FILE: authority.file } }],
    ["NODE_EXTRA_CA_CERTS", { env: { NODE_EXTRA_CA_CERTS: authority.file } }],
    ["the system's bundle", { through: inNamespace.bundle }],
  ])("is trusted by %s", async (_, options) => {
    await using scene = new OzScene({ tls, ...options });
    await scene.oz.waitForLink();
    expect((await scene.runTask()).type).toBe("task_completed");
  });
});

describe("a proxy with user and password", () => {
  test.each([
    ["ws", "HTTP_PROXY", {}],
    ["ws", "http_proxy", {}],
    ["wss", "HTTPS_PROXY", { tls }],
    ["wss", "https_proxy", { tls }],
  ])("takes %s by %s, and its password is in no line", async (_, variable, options) => {
    proxy.asked.length = 0;
    await using scene = new OzScene({ ...options, env: { ...trusting, [variable]: proxyUrl } });
    await scene.oz.waitForLink();
    expect((await scene.runTask()).type).toBe("task_completed");
    // Nothing but the link and the set-up events goes that way: not the Docker daemon's traffic.
    expect([...new Set(proxy.asked)]).toEqual([`127.0.0.1:${scene.oz.port}`]);
    expectNoPassword(scene);
  });

  test.each([
    ["NO_PROXY", "other.example,127.0.0.1"],
    ["no_proxy", "127.0.0.0/8"],
    ["NO_PROXY", "*"],
  ])("is passed by with %s=%s", async (variable, value) => {
    proxy.asked.length = 0;
    const env = { ...trusting, HTTPS_PROXY: proxyUrl, HTTP_PROXY: proxyUrl, [variable]: value };
    await using scene = new OzScene({ tls, env });
    await scene.oz.waitForLink();
    expect(proxy.asked).toEqual([]);
  });

  test("is not asked for a daemon over tcp on this machine", async () => {
    proxy.asked.length = 0;
    using daemon = await relayTo(daemonSocket());
    const env = { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl, DOCKER_HOST: `tcp://127.0.0.1:${daemon.port}` };
    await using scene = new OzScene({ env });
    await scene.oz.waitForLink();
    expect((await scene.runTask()).type).toBe("task_completed");
    expect(proxy.asked).toEqual([`127.0.0.1:${scene.oz.port}`]);
  });

  test("works over TLS itself, with a company's own authority", async () => {
    await using secure = await ConnectProxy.start(`company:${PASSWORD}`, tls);
    const url = proxyUrl.replace(/^http:(.*):\d+$/, `https:$1:${secure.port}`);
    await using scene = new OzScene({ tls, env: { ...trusting, HTTPS_PROXY: url } });
    await scene.oz.waitForLink();
    expect(secure.asked).toEqual([`127.0.0.1:${scene.oz.port}`]);
    await using stranger = new OzScene({ tls, env: { HTTPS_PROXY: url } });
    expect(await stranger.failure()).toMatch(
      /^TLS to 127\.0\.0\.1:\d+, or to the proxy 127\.0\.0\.1:\d+, failed: its certificate is signed by an unknown/,
    );
    expectNoPassword(scene);
    expectNoPassword(stranger);
  });

  test("leads the question for a refusal's reason too", async () => {
    await using scene = new OzScene({ tls, env: { ...trusting, HTTPS_PROXY: proxyUrl, WARP_API_KEY: "wk-wrong-key" } });
    expect(await scene.failure()).toMatch(/^401: Oz does not accept the API key; .* \(it says "invalid API key"\)$/);
    expectNoPassword(scene);
  });
});

describe("the log tells apart", () => {
  interface Trouble {
    readonly options: () => ConstructorParameters<typeof OzScene>[0];
    readonly reason: RegExp;
  }
  const viaProxy = (url: string) => ({ tls, env: { ...trusting, HTTPS_PROXY: url } });
  const troubles: Readonly<Record<string, Trouble>> = {
    "a certificate for another name": {
      options: () => ({ tls: authority.issue("DNS:oz.example"), env: trusting }),
      reason: /^TLS to 127\.0\.0\.1:\d+ failed: its certificate is for another name; check the address of Oz/,
    },
    "an expired certificate": {
      options: () => ({ tls: authority.issue("IP:127.0.0.1", -1), env: trusting }),
      reason: /^TLS to 127\.0\.0\.1:\d+ failed: its certificate, or one that signed it, has expired/,
    },
    "an unknown authority": {
      options: () => ({ tls }),
      reason: /^TLS to 127\.0\.0\.1:\d+ failed: its certificate is signed by an unknown authority/,
    },
    "a server without TLS": {
      options: () => ({ env: trusting, url: (oz) => oz.url.replace("ws:", "wss:") }),
      reason: /^TLS to 127\.0\.0\.1:\d+ failed: the other side does not speak TLS/,
    },
    "a name that does not exist": {
      options: () => ({ through: inNamespace.noNames, url: () => "ws://oz.invalid/ws" }),
      reason: /^the name of oz\.invalid cannot be found; check DNS and the address of Oz/,
    },
    "a port that refuses": {
      options: () => ({ url: () => `ws://127.0.0.1:${deadPort}/ws` }),
      reason: /^connection refused by 127\.0\.0\.1:\d+; check that something listens there, and the address of Oz/,
    },
    "a proxy that is not there": {
      options: () => viaProxy(`http://127.0.0.1:${deadPort}`),
      reason: /^connection refused by the proxy 127\.0\.0\.1:\d+; check that something listens there, and HTTPS_PROXY/,
    },
    "a proxy whose name does not exist": {
      options: () => ({ ...viaProxy("http://proxy.invalid:3128"), through: inNamespace.noNames }),
      reason: /^the name of the proxy proxy\.invalid:3128 cannot be found; check DNS and HTTPS_PROXY/,
    },
    "a proxy that does not take the password": {
      options: () => viaProxy(proxyUrl.replace("word-of", "word-off")),
      reason: /^the proxy 127\.0\.0\.1:\d+ asks for a user and a password, or does not accept them \(407\)/,
    },
    "a proxy that does not allow Oz": {
      options: () => viaProxy(`http://127.0.0.1:${refusing.port}`),
      reason:
        /^the proxy 127\.0\.0\.1:\d+ answered 403 instead of connecting; check HTTPS_PROXY, HTTP_PROXY and NO_PROXY/,
    },
  };

  let refusing: Awaited<ReturnType<typeof answerWith>>;
  beforeAll(async () => {
    refusing = await answerWith(httpAnswer(403, "no"));
  });
  afterAll(() => refusing[Symbol.dispose]());

  test.each(Object.entries(troubles))("%s", async (name, { options }) => {
    await using scene = new OzScene(options());
    const reason = await scene.failure();
    const matching = Object.entries(troubles).filter(([, trouble]) => trouble.reason.test(reason));
    expect({ reason, names: matching.map(([matched]) => matched) }).toEqual({ reason, names: [name] });
    expect(scene.oz.openedLinks).toBe(0);
    expect(scene.log).not.toContain("word-off");
    expectNoPassword(scene);
  });
});

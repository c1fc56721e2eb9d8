import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/support/clock.ts";
import { freePort, listen } from "../docker/endpoint/local-server.ts";
import { ScratchFolder } from "../docker/endpoint/scratch-folder.ts";
import { TestAuthority } from "../support/certificates.ts";
import { ConnectProxy } from "../support/connect-proxy.ts";
import { OzStandIn } from "../support/oz-stand-in.ts";
import { examined, KEY } from "./examined.ts";

const OTHERS = /^FAIL {2}docker /;
const ofOz = (failed: readonly string[]) => failed.filter((line) => !OTHERS.test(line));

test("all is well: the dial is one, closed with 1000 at once, and nothing is said on it", async () => {
  const oz = new OzStandIn();
  const { failed, lines } = await examined({ oz });
  expect(ofOz(failed)).toEqual([]);
  expect(lines("oz")).toEqual([expect.stringMatching(/^ok {4}oz .* takes this key and worker id \(\d+ ms\); hung up/)]);
  expect(lines("key")).toEqual(["ok    key        there is one, neither in quotes nor a placeholder"]);
  expect(lines("clock")).toEqual(["ok    clock      agrees with Oz's"]);
  await oz.waitFor("the end of the link", () => oz.openLinks === 0 || undefined);
  expect(oz.events.filter(({ kind }) => kind === "opened")).toHaveLength(1);
  expect(oz.events.find(({ kind }) => kind === "closed")).toMatchObject({ code: 1000 });
  expect([oz.received, oz.violations]).toEqual([[], []]);
  await oz.stop();
});

test("a task that Oz hands out in that moment is not claimed, nor answered", async () => {
  const seen: unknown[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, own) => (own.upgrade(request) ? undefined : new Response("", { status: 426 })),
    websocket: {
      open: (socket) => void socket.send(JSON.stringify({ type: "task_assignment", data: { task_id: "t", task: {} } })),
      message: (_, text) => void seen.push(text),
      close: (_, code) => void seen.push(code),
    },
  });
  const { lines } = await examined({ oz: { url: `ws://127.0.0.1:${server.port}/ws`, workerId: "w" } });
  expect(lines("oz")).toEqual([expect.stringMatching(/^ok/)]);
  expect(seen).toEqual([1000]);
  await server.stop(true);
});

test("a key in quotes is named, and the rest is looked at all the same", async () => {
  const oz = new OzStandIn();
  const { failed, lines, text } = await examined({ oz, env: { WARP_API_KEY: `"${KEY}"` } });
  expect(ofOz(failed)).toEqual([
    "FAIL  key        WARP_API_KEY (or --api-key): stands in quotes, which would be sent as part of it; " +
      "mend: leave them out (env files of Docker keep them)",
  ]);
  expect(lines("oz")).toEqual(["skip  oz         not dialled: that takes an API key and a worker id"]);
  expect(lines("tls")).toEqual([expect.stringMatching(/^ok/)]);
  expect(text).not.toContain(KEY);
  expect(oz.openedLinks).toBe(0);
  await oz.stop();
});

test("a key in a file is used, and one that cannot be read is named", async () => {
  using folder = new ScratchFolder();
  const oz = new OzStandIn();
  const env = { WARP_API_KEY: undefined, WARP_API_KEY_FILE: folder.write("key", `${KEY}\n`) };
  const { failed, text } = await examined({ oz, env });
  expect(ofOz(failed)).toEqual([]);
  expect(text).not.toContain(KEY);
  const missing = await examined({ oz, env: { ...env, WARP_API_KEY_FILE: "/nowhere/key" } });
  expect(ofOz(missing.failed)).toEqual([
    expect.stringMatching(/^FAIL {2}key {8}WARP_API_KEY_FILE: \/nowhere\/key cannot be read: .*; mend: /),
  ]);
  await oz.stop();
});

test("what the worker would refuse is the first finding, a line each", async () => {
  const oz = new OzStandIn();
  const { findings, lines } = await examined({
    oz,
    given: { "worker-id": ["warp-1"], "max-concurrent-tasks": ["x"], "api-key": ["<your key>"] },
  });
  expect(findings[0]).toMatchObject({ check: "config", status: "fail" });
  expect(lines("config")).toHaveLength(2);
  expect(lines("config").join("\n")).toMatch(/--worker-id: [\s\S]*--max-concurrent-tasks: /);
  expect(lines("key")).toEqual([expect.stringMatching(/^FAIL {2}key .*--api-key: .*; mend: /)]);
  await oz.stop();
});

test("a name that cannot be resolved is the only cause", async () => {
  const { failed, lines } = await examined({ oz: { url: "ws://oz.invalid/ws", workerId: "w" } });
  expect(ofOz(failed)).toEqual([
    expect.stringMatching(
      /^FAIL {2}dns {8}oz\.invalid cannot be resolved: .* \([A-Z_]+\); mend: check the name servers .*--web-socket-url$/,
    ),
  ]);
  expect(lines("oz")).toEqual(["skip  oz         not possible before dns is mended"]);
});

test("a refused connection", async () => {
  const port = await freePort();
  const { failed } = await examined({ oz: { url: `ws://127.0.0.1:${port}/ws`, workerId: "w" } });
  expect(ofOz(failed)).toEqual([
    `FAIL  oz         connection refused by 127.0.0.1:${port} (ECONNREFUSED); ` +
      "mend: check that something listens there, and the address of Oz",
  ]);
});

test("a self-signed certificate, and one of an authority of one's own", async () => {
  using authority = new TestAuthority();
  const selfSigned = { cert: authority.pem, key: readFileSync(join(authority.folder, "ca.key"), "utf8") };
  const oz = new OzStandIn({ tls: selfSigned });
  const { failed, lines } = await examined({ oz });
  expect(ofOz(failed)).toEqual([
    `FAIL  tls        TLS to 127.0.0.1:${oz.port} failed: its certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT); ` +
      "mend: add your company's CA file with SSL_CERT_FILE or NODE_EXTRA_CA_CERTS",
  ]);
  expect(lines("oz")).toEqual(["skip  oz         not possible before tls is mended"]);
  await oz.stop();

  const other = new OzStandIn({ tls: authority.issue() });
  const missing = await examined({ oz: other, env: { SSL_CERT_FILE: "/nowhere/ca.pem" } });
  expect(ofOz(missing.failed)).toEqual([expect.stringContaining("is signed by an unknown authority")]);
  expect(missing.lines("tls")).toContainEqual(
    expect.stringMatching(/^warn {2}tls .*SSL_CERT_FILE \(\/nowhere\/ca.pem\) cannot be read: ENOENT; mend: /),
  );
  const trusted = await examined({ oz: other, env: { SSL_CERT_FILE: authority.file } });
  expect(ofOz(trusted.failed)).toEqual([]);
  await other.stop();
});

test("a key that Oz does not accept, with Oz's own words and without the key", async () => {
  const oz = new OzStandIn({ apiKey: "wk-another" });
  const { failed, text } = await examined({ oz });
  expect(ofOz(failed)).toEqual([
    'FAIL  oz         401: Oz does not accept the API key (it says "invalid API key"); ' +
      "mend: check --api-key or WARP_API_KEY",
  ]);
  expect(text).not.toContain(KEY);
  oz.answerWith({ kind: "refuse", status: 403, body: `no: ${KEY}` });
  const refused = await examined({ oz });
  expect(ofOz(refused.failed)).toEqual([expect.stringMatching(/^FAIL {2}oz {9}403: .*; mend: .*--worker-id$/)]);
  expect(refused.text).not.toContain(KEY);
  await oz.stop();
});

test("a proxy that wants another login, one that forbids, one that is not there, and one that works", async () => {
  const oz = new OzStandIn();
  await using proxy = await ConnectProxy.start("user:right-word");
  const via = (url: string) => examined({ oz, env: { HTTP_PROXY: url } });
  const wrong = await via(`http://user:wrong-word@127.0.0.1:${proxy.port}`);
  expect(ofOz(wrong.failed)).toEqual([
    `FAIL  proxy      the proxy 127.0.0.1:${proxy.port} asks for a user and a password, or does not accept them (407); ` +
      "mend: check the URL of HTTPS_PROXY or HTTP_PROXY",
  ]);
  expect(wrong.text).not.toContain("wrong-word");

  using forbids = await listen((socket) => socket.once("data", () => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")));
  expect(ofOz((await via(`http://127.0.0.1:${forbids.port}`)).failed)).toEqual([
    expect.stringMatching(/^FAIL {2}proxy .* answered 403 instead of connecting; mend: check HTTPS_PROXY, HTTP_PROXY/),
  ]);
  const gone = await freePort();
  expect(ofOz((await via(`127.0.0.1:${gone}`)).failed)).toEqual([
    expect.stringContaining(`connection refused by the proxy 127.0.0.1:${gone} (ECONNREFUSED); mend: `),
  ]);

  const right = await via(`http://user:right-word@127.0.0.1:${proxy.port}`);
  expect(ofOz(right.failed)).toEqual([]);
  expect(right.lines("proxy")).toEqual([`ok    proxy      127.0.0.1:${proxy.port} connects to 127.0.0.1:${oz.port}`]);
  const beside = await examined({ oz, env: { HTTP_PROXY: `127.0.0.1:${gone}`, NO_PROXY: "127.0.0.1" } });
  expect(beside.lines("proxy")).toEqual([expect.stringContaining("the variables leave it out")]);
  const unusable = await via("socks5://127.0.0.1:1080");
  expect(unusable.lines("proxy")).toEqual([
    expect.stringMatching(/^warn {2}proxy .*only http:\/\/ and https:\/\/ work/),
  ]);
  await oz.stop();
});

test("an https:// proxy is verified by the same authorities", async () => {
  using authority = new TestAuthority();
  const oz = new OzStandIn();
  await using proxy = await ConnectProxy.start(undefined, authority.issue());
  const HTTP_PROXY = `https://127.0.0.1:${proxy.port}`;
  expect((await examined({ oz, env: { HTTP_PROXY } })).lines("proxy")).toEqual([
    expect.stringMatching(/^FAIL {2}proxy .*signed by an unknown authority/),
  ]);
  const trusted = await examined({ oz, env: { HTTP_PROXY, SSL_CERT_FILE: authority.file } });
  expect(trusted.lines("proxy")).toEqual([expect.stringMatching(/^ok/)]);
  await oz.stop();
});

test.each([
  [-3_600_000, "3600 s behind"],
  [120_000, "120 s ahead of"],
])("a clock that is off by %d ms", async (offMs, words) => {
  const oz = new OzStandIn();
  const clock: Clock = { ...systemClock, epoch: () => systemClock.epoch() + offMs };
  const [line = "", ...more] = ofOz((await examined({ oz, clock })).failed);
  const seconds = Number(/is (\d+) s/.exec(line)?.[1]);
  expect(Math.abs(seconds - Number.parseInt(words, 10))).toBeLessThan(5);
  expect(line.replace(/\d+ s/, words.replace(/ s .*/, " s"))).toBe(
    `FAIL  clock      this machine's clock is ${words} Oz's: certificates and tokens will not hold; ` +
      "mend: set it, and have it kept by NTP (timedatectl set-ntp true)",
  );
  expect(more).toEqual([]);
  await oz.stop();
});

test("an Oz that hangs is a finding, in time", async () => {
  const oz = new OzStandIn();
  oz.answerWith({ kind: "hang" });
  const from = performance.now();
  const { failed } = await examined({ oz });
  expect(performance.now() - from).toBeLessThan(8_000);
  expect(ofOz(failed)).toEqual([expect.stringMatching(/^FAIL {2}oz {9}no answer .* within [\d.]+ s.*; mend: /)]);
  await oz.stop();
}, 15_000);

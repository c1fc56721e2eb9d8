import { describe, expect, test } from "bun:test";
import { until } from "../support/until.ts";
import { type Linked, linked } from "./linked.ts";

/** Lets `count` dials fail, each after the delay that the log has named. */
async function failTimes(parts: Linked, count: number): Promise<string[]> {
  parts.link.start();
  for (let done = 1; done <= count; done++) {
    await until(`failure ${done}`, () => failures(parts).length >= done);
    if (done < count) parts.clock.advance(parts.clock.pending()[0] ?? 0);
  }
  return failures(parts);
}

/** A key that is refused is an error, all else may pass. */
function failures({ log }: Linked): string[] {
  return [...log.messages("warn"), ...log.messages("error")];
}

const delays = (lines: readonly string[]) => lines.map((line) => Number(/next try in ([\d.]+) s$/.exec(line)?.[1]));

describe("a dial that fails", () => {
  test("401: one line that names the API key's setting and quotes the server, never the key", async () => {
    const apiKey = "wk-a-key-nobody-knows";
    await using parts = await linked({ apiKey: () => apiKey });
    parts.oz.answerWith({
      kind: "refuse",
      status: 401,
      body: `{"error":"bad key ${apiKey}\\nline two"}`,
      headers: { "Content-Type": "application/json" },
    });
    const [line] = await failTimes(parts, 1);
    expect(line).toMatch(/^Cannot connect to Oz at 127\.0\.0\.1:\d+\/api\/v1\/selfhosted\/worker\/ws: 401: /);
    expect(line).toContain("--api-key or WARP_API_KEY");
    expect(line).toContain('(it says "bad key [redacted]\\nline two")');
    expect(line).toMatch(/; next try in 1\.0 s$/);
    expect(parts.log.text()).not.toContain(apiKey);
    expect(parts.log.text()).not.toContain("worker_id");
  });

  test("the wrong key is refused by a strict Oz", async () => {
    await using parts = await linked({ apiKey: () => "wk-wrong-key" });
    const [line] = await failTimes(parts, 1);
    expect(line).toContain("401: Oz does not accept the API key");
  });

  test("503 slows the dialling down, says 503, and reads text bodies only", async () => {
    await using parts = await linked();
    parts.oz.answerWith({
      kind: "refuse",
      status: 503,
      body: "<html>down</html>",
      headers: { "Content-Type": "text/html" },
    });
    const lines = await failTimes(parts, 5);
    expect(lines[0]).toMatch(
      /: 503: Oz, or a proxy before it, is not available at the moment; the worker keeps trying; next/,
    );
    expect(delays(lines)).toEqual([1, 2, 4, 8, 16]);
    expect(parts.oz.refusals).toHaveLength(5);
  });

  test("Retry-After of a 503 is heeded", async () => {
    await using parts = await linked();
    parts.oz.answerWith({ kind: "refuse", status: 503, headers: { "Retry-After": "10" } });
    expect(delays(await failTimes(parts, 1))).toEqual([11]);
  });

  test("accept-then-close backs off like a refusal and gives code and reason", async () => {
    await using parts = await linked();
    parts.oz.answerWith({ kind: "accept-then-close", code: 4001, reason: "go\naway" });
    const lines = await failTimes(parts, 5);
    expect(lines[0]).toBe('Lost the link to Oz: Oz closed it with code 4001: "go\\naway"; next try in 1.0 s');
    expect(delays(lines)).toEqual([1, 2, 4, 8, 16]);
  });

  test("the delay falls back only after a link of 5 s with an answered ping", async () => {
    await using parts = await linked();
    parts.oz.answerWith({ kind: "accept-then-close", code: 1013 });
    await failTimes(parts, 3);
    parts.oz.answerWith({ kind: "accept" });
    parts.clock.advance(4_000);
    await parts.oz.waitFor("a pong read", () => parts.oz.pongsRead > 0 || undefined);
    parts.clock.advance(5_000);
    parts.relay.cut();
    await until("the loss", () => parts.log.messages("warn").length === 4);
    expect(parts.log.messages("warn").at(-1)).toBe("Lost the link to Oz: the connection broke; next try in 1.0 s");
  });

  test("a link without an answered ping is not healthy, however long it stays", async () => {
    await using parts = await linked();
    parts.oz.answerWith({ kind: "refuse", status: 500 });
    await failTimes(parts, 2);
    parts.oz.answerWith({ kind: "accept" });
    parts.clock.advance(2_000);
    // The handshake's answer gets through, the pong does not.
    parts.relay.delay(100, "to-client");
    await until("the link", () => parts.link.state().connected);
    parts.relay.freeze("to-client");
    parts.clock.advance(50_000);
    parts.relay.cut();
    await until("the loss", () => parts.log.messages("warn").length === 3);
    expect(delays(parts.log.messages("warn"))[2]).toBe(4);
  });

  test("a refused port, then the same port again", async () => {
    await using parts = await linked();
    await parts.oz.goAway();
    parts.relay.refuse();
    const lines = await failTimes(parts, 2);
    expect(lines[0]).toMatch(/: connection refused by 127\.0\.0\.1:\d+; .*\(ECONNREFUSED\); next try in 1\.0 s$/);
    await parts.relay.listen();
    parts.oz.comeBack();
    parts.clock.advance(2_000);
    await parts.oz.waitForLink();
  });

  test("a handshake that is never answered ends after 15 s", async () => {
    await using parts = await linked();
    parts.oz.answerWith({ kind: "hang" });
    parts.link.start();
    await until("a dial", () => parts.relay.open === 1);
    parts.clock.advance(15_000);
    await until("the line", () => parts.log.messages("warn").length === 1);
    expect(parts.log.messages("warn")[0]).toMatch(
      /no answer from 127\.0\.0\.1:\d+ within 15 s; .*; next try in 1\.0 s$/,
    );
    await until("the socket's end", () => parts.relay.open === 0);
  });

  test.each([
    ["200", 200, "OK", /: 200: this is not a WebSocket endpoint; check the address of Oz/],
    ["302", 302, "", /: 302: the address redirects elsewhere/],
    ["404", 404, "", /: 404: there is no Oz endpoint at this address/],
    ["426", 426, "", /: 426: .*update the worker/],
    ["429", 429, "", /: 429: too many connection attempts/],
  ])("%s", async (_, status, body, expected) => {
    await using parts = await linked();
    parts.oz.answerWith({ kind: "refuse", status, body, headers: { Location: "http://127.0.0.1:1/" } });
    expect((await failTimes(parts, 1))[0]).toMatch(expected);
  });

  test("a name that does not exist", async () => {
    await using parts = await linked({ url: "ws://no-such-host.invalid/ws" });
    expect((await failTimes(parts, 1))[0]).toMatch(/no-such-host\.invalid cannot be (found|looked up)/);
  });

  test("a server that is no web server", async () => {
    const server = Bun.listen({
      port: 0,
      hostname: "127.0.0.1",
      socket: { data: (socket) => void socket.end("SSH-2.0-x\r\n\r\n") },
    });
    await using parts = await linked({ url: `ws://127.0.0.1:${server.port}/ws` });
    expect((await failTimes(parts, 1))[0]).toMatch(/does not answer as a web server does/);
    server.stop(true);
  });

  test("TLS to a port that does not speak it", async () => {
    await using parts = await linked();
    await using tls = await linked({ url: parts.oz.url.replace("ws:", "wss:") });
    expect((await failTimes(tls, 1))[0]).toMatch(/TLS to 127\.0\.0\.1:\d+ failed: the other side does not speak TLS/);
  });

  test("a key that fits into no header is a failure, not a crash, and is not shown", async () => {
    await using parts = await linked({ apiKey: () => "wk-first\nsecond-part" });
    expect((await failTimes(parts, 1))[0]).toContain("characters that cannot be sent; check WARP_API_KEY");
    expect(parts.log.text()).not.toContain("second-part");
  });
});

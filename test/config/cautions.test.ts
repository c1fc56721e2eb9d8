import { expect, test } from "bun:test";
import { cautions } from "../../src/config/cautions.ts";
import { DEFAULTS, type WorkerConfig } from "../../src/config/worker-config.ts";

const config: WorkerConfig = {
  apiKey: "wk-secret",
  workerId: "w",
  volumes: [],
  environment: [],
  ...DEFAULTS,
};

test("the defaults need none", () => {
  expect(cautions(config, { NODE_TLS_REJECT_UNAUTHORIZED: "1" })).toEqual([]);
});

test.each([
  ["webSocketUrl", "ws://oz.example:8080/ws?a=secret", /^--web-socket-url: .*oz\.example:8080; use wss:\/\/$/],
  ["webSocketUrl", "WS://10.0.0.1/ws", /^--web-socket-url: the API key and every task .*10\.0\.0\.1; use wss:\/\/$/],
  ["serverRootUrl", "http://oz.example", /^--server-root-url: .*use https:\/\/$/],
  ["sessionSharingServerUrl", "ws://oz.example", /^--session-sharing-server-url: .*use wss:\/\/$/],
])("%s %s: what goes in clear to another host is said", (key, address, expected) => {
  const lines = cautions({ ...config, [key]: address }, {});
  expect(lines).toEqual([expect.stringMatching(expected)]);
  expect(lines.join()).not.toContain("secret");
});

test.each(["ws://127.0.0.1:1/ws", "ws://localhost/ws", "ws://[::1]:9/ws", "wss://oz.example/ws"])(
  "%s needs none",
  (webSocketUrl) => {
    expect(cautions({ ...config, webSocketUrl }, {})).toEqual([]);
  },
);

test.each(["0", "false", "no"])("NODE_TLS_REJECT_UNAUTHORIZED=%s is named, and what to do instead", (value) => {
  expect(cautions(config, { NODE_TLS_REJECT_UNAUTHORIZED: value })).toEqual([
    expect.stringMatching(/^NODE_TLS_REJECT_UNAUTHORIZED is set and changes nothing: .*SSL_CERT_FILE$/),
  ]);
});

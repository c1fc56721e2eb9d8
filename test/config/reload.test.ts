import { expect, test } from "bun:test";
import { reloaded } from "../../src/config/reload.ts";
import { DEFAULTS, type WorkerConfig } from "../../src/config/worker-config.ts";

const current: WorkerConfig = { ...DEFAULTS, apiKey: "wk-1", workerId: "w", volumes: ["/a:/b"], environment: [] };

test("what may change does, what is fixed stays and is named; values are not shown", () => {
  const next: WorkerConfig = {
    ...current,
    apiKey: "wk-2",
    serverRootUrl: "https://elsewhere.example",
    logLevel: "debug",
    environment: [{ name: "TOKEN", value: "hunter2" }],
    maxUptimeMs: 5,
  };
  const { config, changed, needRestart } = reloaded(current, next);
  expect(config).toEqual({ ...next, apiKey: "wk-1", serverRootUrl: current.serverRootUrl });
  expect(changed).toEqual(["log_level", "max_uptime", "backend.docker.environment"]);
  expect(needRestart).toEqual(["the API key", "--server-root-url"]);
});

test("nothing changes where nothing has changed", () => {
  expect(reloaded(current, { ...current, volumes: ["/a:/b"] })).toEqual({
    config: current,
    changed: [],
    needRestart: [],
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXAMPLE_CONFIG } from "../support/example-config.ts";
import { runWords } from "./run-words.ts";

const KEY = { WARP_API_KEY: "wk-hunter2" };

/** What most command lines say nothing about. */
const UNTOUCHED = { logFormat: "auto", onStop: "stop", keepFailedMs: 0, plainEnvironment: [] } as const;

let folder = "";
let example = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oz-agent-worker-cli-"));
  example = file("example.yaml", EXAMPLE_CONFIG);
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("what runs", () => {
  test("the keys of the life cycle, from the file and from flags, times in milliseconds", async () => {
    const keys = [
      ...["log_format: json", "keep_failed: 24h", "on_stop: detach", "drain_timeout: 30m", "max_tasks: 5"],
      ...[
        "exit_when_idle: 10m",
        "max_uptime: 1d",
        "backend: {docker: {default_image: 'a/b:1', plain_environment: [A]}}",
      ],
    ];
    const path = file("life.yaml", `worker_id: w\n${keys.join("\n")}\n`);
    const wanted = {
      ...{ logFormat: "json", keepFailedMs: 86_400_000, onStop: "detach", drainTimeoutMs: 1_800_000, maxTasks: 5 },
      ...{ exitWhenIdleMs: 600_000, maxUptimeMs: 86_400_000, defaultImage: "a/b:1", plainEnvironment: ["A"] },
    } as const;
    expect((await runWords(["--config-file", path], KEY)).started?.config).toMatchObject(wanted);
    const flags = [
      ...["--log-format=text", "--keep-failed=0s", "--on-stop=Drain", "--drain-timeout=90s", "--one-shot"],
      ...["--exit-when-idle=1s", "--max-uptime=1h"],
    ];
    expect((await runWords(["--config-file", path, ...flags], KEY)).started?.config).toMatchObject({
      ...{ logFormat: "text", keepFailedMs: 0, onStop: "drain", drainTimeoutMs: 90_000, maxTasks: 1 },
      ...{ exitWhenIdleMs: 1_000, maxUptimeMs: 3_600_000 },
    });
  });

  test.each([
    ["--on-stop=kill", 'takes stop, drain or detach; got "kill"'],
    [
      "--drain-timeout=5",
      'takes a duration such as 45m, 1h30m or 0s; "5" has no unit, write 5m for minutes or 5s for seconds',
    ],
    ["--max-tasks=0", 'takes a whole number, 1 or more; got "0"'],
    ["--exit-when-idle=0s", 'takes a duration such as 45m, 1h30m, 1s at least; got "0s"'],
    ["--max-uptime=1ms", 'takes a duration such as 45m, 1h30m, 1s at least; got "1ms"'],
    ["--log-format=xml", 'takes auto, text, logfmt or json; got "xml"'],
  ])("%s is refused", async (flag, problem) => {
    const [name] = flag.split("=");
    expect((await runWords(["--worker-id", "w", flag], KEY)).lines).toEqual([`${name}: ${problem}`]);
  });

  test("defaults, with the key from the environment", async () => {
    expect((await runWords(["--worker-id", "w"], { WARP_API_KEY: "wk-1\n" })).started).toEqual({
      notices: [],
      config: {
        apiKey: "wk-1",
        workerId: "w",
        logLevel: "info",
        ...UNTOUCHED,
        cleanup: true,
        imagePullPolicy: "Always",
        volumes: [],
        environment: [],
        maxConcurrentTasks: 0,
        webSocketUrl: "wss://oz.warp.dev/api/v1/selfhosted/worker/ws",
        serverRootUrl: "https://app.warp.dev",
      },
    });
  });

  test("the documented file", async () => {
    expect((await runWords(["--config-file", example], { ...KEY, GITHUB_TOKEN: "ghp" })).started).toEqual({
      notices: [],
      config: {
        apiKey: "wk-hunter2",
        configFile: example,
        workerId: "prod-runner-1",
        logLevel: "debug",
        ...UNTOUCHED,
        cleanup: true,
        imagePullPolicy: "Always",
        volumes: ["/opt/shared-cache:/cache:ro"],
        environment: [
          { name: "NPM_TOKEN", value: "your_token" },
          { name: "GITHUB_TOKEN", value: "ghp" },
        ],
        maxConcurrentTasks: 4,
        idleOnComplete: "10m",
        webSocketUrl: "wss://oz.warp.dev/api/v1/selfhosted/worker/ws",
        serverRootUrl: "https://app.warp.dev",
      },
    });
  });

  test("flags win over the file; volumes are added; an explicit 0 counts", async () => {
    const argv = [
      ...["--config-file", example, "--api-key", "wk-2", "--worker-id=w", "--log-level", "error", "--no-cleanup"],
      ...["-v", "/a:/b", "-e", "NPM_TOKEN=mine", "-e", "HOME", "-e", "X=1", "-e", "X=2", "--max-concurrent-tasks=0"],
      ...["--idle-on-complete", "0s", "--web-socket-url", "ws://127.0.0.1:1/ws", "--backend", "docker"],
      ...["--server-root-url=http://127.0.0.1:2", "--session-sharing-server-url", "wss://s.example"],
    ];
    const { started } = await runWords(argv, { ...KEY, HOME: "/root", NPM_TOKEN: "theirs" });
    expect(started).toEqual({
      notices: ["GITHUB_TOKEN is to be inherited and is not set in the worker's environment; tasks go without it"],
      config: {
        apiKey: "wk-2",
        configFile: example,
        workerId: "w",
        logLevel: "error",
        ...UNTOUCHED,
        cleanup: false,
        imagePullPolicy: "Always",
        volumes: ["/opt/shared-cache:/cache:ro", "/a:/b"],
        environment: [
          { name: "NPM_TOKEN", value: "mine" },
          { name: "HOME", value: "/root" },
          { name: "X", value: "2" },
        ],
        maxConcurrentTasks: 0,
        idleOnComplete: "0s",
        webSocketUrl: "ws://127.0.0.1:1/ws",
        serverRootUrl: "http://127.0.0.1:2",
        sessionSharingServerUrl: "wss://s.example",
      },
    });
  });

  test("a log level in any case; a duration in the form that is handed on", async () => {
    const { started } = await runWords(
      ["--worker-id", "w", "--log-level", "WARN", "--idle-on-complete", "1 hour 30min"],
      KEY,
    );
    expect(started?.config).toMatchObject({ logLevel: "warn", idleOnComplete: "1h30m" });
  });

  test("the last of a repeated flag counts", async () => {
    const { started } = await runWords(["--worker-id", "a", "--worker-id", "b"], KEY);
    expect(started).toMatchObject({ config: { workerId: "b" } });
  });

  test("inheriting: set but empty is handed on, unset is left out, names of Object are no variables", async () => {
    const argv = ["--worker-id", "w", "-e", "EMPTY", "-e", "UNSET", "-e", "constructor", "-e", "NPM_TOKEN"];
    const { started } = await runWords([...argv, "--config-file", example], { ...KEY, EMPTY: "", GITHUB_TOKEN: "g" });
    expect(started?.config.environment).toEqual([
      { name: "GITHUB_TOKEN", value: "g" },
      { name: "EMPTY", value: "" },
    ]);
    expect(started?.notices.map((notice) => notice.split(" ")[0])).toEqual(["NPM_TOKEN", "UNSET", "constructor"]);
  });

  test("a name twice in the file: the later wins, with a notice that holds no value", async () => {
    const entries = "[{name: A, value: hunter2}, {name: A, value: hunter3}]";
    const path = file("twice.yaml", `worker_id: w\nbackend: {docker: {environment: ${entries}}}\n`);
    const { started } = await runWords(["--config-file", path], KEY);
    expect(started).toMatchObject({ config: { environment: [{ name: "A", value: "hunter3" }] } });
    expect(started).toMatchObject({
      notices: [expect.stringMatching(/^backend\.docker\.environment\[1\](?!.*hunter)/)],
    });
  });

  test("--cleanup wins over cleanup: false", async () => {
    const path = file("keep.yaml", "worker_id: w\ncleanup: false\n");
    const cleanup = async (...argv: string[]) =>
      (await runWords(["--config-file", path, ...argv], KEY)).started?.config.cleanup;
    expect(await cleanup()).toBe(false);
    expect(await cleanup("--cleanup")).toBe(true);
    expect(await cleanup("--no-cleanup=false")).toBe(true);
    expect(await cleanup("--cleanup", "--no-cleanup")).toBe(false);
  });
});

test("the key may stand in a file that a variable names; the key itself wins", async () => {
  const path = file("key", "wk-from-file\n");
  const run = (env: Record<string, string>) => runWords(["--worker-id", "w"], env);
  expect((await run({ WARP_API_KEY_FILE: path })).started?.config).toMatchObject({
    apiKey: "wk-from-file",
    apiKeyFile: path,
  });
  const { started } = await run({ WARP_API_KEY_FILE: path, WARP_API_KEY: "wk-1" });
  expect([started?.config.apiKey, started?.config.apiKeyFile]).toEqual(["wk-1", undefined]);
  expect((await run({ WARP_API_KEY_FILE: "/nonexistent/key" })).lines).toEqual([
    "WARP_API_KEY_FILE: /nonexistent/key cannot be read: there is no such file",
  ]);
});

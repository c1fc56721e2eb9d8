import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "../package.json";
import { parseCommandLine } from "../src/cli.ts";

const EXAMPLE = `worker_id: "prod-runner-1"
log_level: "debug"
cleanup: true              # false is --no-cleanup
max_concurrent_tasks: 4
idle_on_complete: "10m"
backend:                   # at most one backend
  docker:
    volumes: ["/opt/shared-cache:/cache:ro"]
    environment:
      - name: NPM_TOKEN
        value: "your_token"
      - name: GITHUB_TOKEN # no value: inherited from the worker's environment
`;
const KEY = { WARP_API_KEY: "wk-hunter2" };

let folder = "";
let example = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oz-agent-worker-cli-"));
  example = file("example.yaml", EXAMPLE);
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("what runs", () => {
  test("defaults, with the key from the environment", () => {
    expect(parseCommandLine(["--worker-id", "w"], { WARP_API_KEY: "wk-1\n" })).toEqual({
      kind: "run",
      notices: [],
      config: {
        apiKey: "wk-1",
        workerId: "w",
        logLevel: "info",
        cleanup: true,
        volumes: [],
        environment: [],
        maxConcurrentTasks: 0,
        webSocketUrl: "wss://oz.warp.dev/api/v1/selfhosted/worker/ws",
        serverRootUrl: "https://app.warp.dev",
      },
    });
  });

  test("the documented file", () => {
    expect(parseCommandLine(["--config-file", example], { ...KEY, GITHUB_TOKEN: "ghp" })).toEqual({
      kind: "run",
      notices: [],
      config: {
        apiKey: "wk-hunter2",
        workerId: "prod-runner-1",
        logLevel: "debug",
        cleanup: true,
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

  test("flags win over the file; volumes are added; an explicit 0 counts", () => {
    const argv = [
      ...["--config-file", example, "--api-key", "wk-2", "--worker-id=w", "--log-level", "error", "--no-cleanup"],
      ...["-v", "/a:/b", "-e", "NPM_TOKEN=mine", "-e", "HOME", "-e", "X=1", "-e", "X=2", "--max-concurrent-tasks=0"],
      ...["--idle-on-complete", "0s", "--web-socket-url", "ws://127.0.0.1:1/ws", "--backend", "docker"],
      ...["--server-root-url=http://127.0.0.1:2", "--session-sharing-server-url", "wss://s.example"],
    ];
    const action = parseCommandLine(argv, { ...KEY, HOME: "/root", NPM_TOKEN: "theirs" });
    expect(action).toEqual({
      kind: "run",
      notices: ["GITHUB_TOKEN is to be inherited and is not set in the worker's environment; tasks go without it"],
      config: {
        apiKey: "wk-2",
        workerId: "w",
        logLevel: "error",
        cleanup: false,
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

  test("the last of a repeated flag counts", () => {
    const action = parseCommandLine(["--worker-id", "a", "--worker-id", "b"], KEY);
    expect(action).toMatchObject({ kind: "run", config: { workerId: "b" } });
  });

  test("inheriting: set but empty is handed on, unset is left out, names of Object are no variables", () => {
    const argv = ["--worker-id", "w", "-e", "EMPTY", "-e", "UNSET", "-e", "constructor", "-e", "NPM_TOKEN"];
    const action = parseCommandLine([...argv, "--config-file", example], { ...KEY, EMPTY: "", GITHUB_TOKEN: "g" });
    if (action.kind !== "run") throw new Error(JSON.stringify(action));
    expect(action.config.environment).toEqual([
      { name: "GITHUB_TOKEN", value: "g" },
      { name: "EMPTY", value: "" },
    ]);
    expect(action.notices.map((notice) => notice.split(" ")[0])).toEqual(["NPM_TOKEN", "UNSET", "constructor"]);
  });

  test("a name twice in the file: the later wins, with a notice that holds no value", () => {
    const entries = "[{name: A, value: hunter2}, {name: A, value: hunter3}]";
    const path = file("twice.yaml", `worker_id: w\nbackend: {docker: {environment: ${entries}}}\n`);
    const action = parseCommandLine(["--config-file", path], KEY);
    expect(action).toMatchObject({ kind: "run", config: { environment: [{ name: "A", value: "hunter3" }] } });
    expect(action).toMatchObject({
      notices: [expect.stringMatching(/^backend\.docker\.environment\[1\](?!.*hunter)/)],
    });
  });

  test("--cleanup wins over cleanup: false", () => {
    const path = file("keep.yaml", "worker_id: w\ncleanup: false\n");
    expect(parseCommandLine(["--config-file", path], KEY)).toMatchObject({ config: { cleanup: false } });
    expect(parseCommandLine(["--config-file", path, "--cleanup"], KEY)).toMatchObject({ config: { cleanup: true } });
  });
});

describe("what is printed", () => {
  test("the help names every public flag, no hidden one, and stays within 100 plain columns", () => {
    const action = parseCommandLine(["--bogus", "--help"], {}, () => {
      throw new Error("help reads no file");
    });
    if (action.kind !== "print") throw new Error(action.kind);
    const flags = ["api-key", "worker-id", "config-file", "backend", "log-level", "no-cleanup", "volumes", "env"];
    for (const flag of [...flags, "max-concurrent-tasks", "idle-on-complete", "help", "version"]) {
      expect(action.text).toContain(`--${flag}`);
    }
    for (const name of ["WARP_API_KEY", "DOCKER_HOST", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "HTTPS_PROXY"]) {
      expect(action.text).toContain(name);
    }
    expect(action.text).not.toMatch(/web-socket-url|server-root-url|session-sharing|[^\P{Cc}\n]/u);
    expect(Math.max(...action.text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(action.text.endsWith("\n")).toBe(true);
  });
  test("the version", () => {
    expect(parseCommandLine(["--version"], {})).toEqual({ kind: "print", text: `oz-agent-worker ${version}\n` });
  });
});

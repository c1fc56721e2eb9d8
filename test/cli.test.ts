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

function refusal(argv: readonly string[], env: Readonly<Record<string, string | undefined>> = KEY): readonly string[] {
  const action = parseCommandLine(argv, env);
  return action.kind === "refuse" ? action.lines : [];
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

describe("what is refused", () => {
  test("what is missing, a line each", () => {
    expect(refusal([], {})).toEqual([
      expect.stringMatching(/^--api-key: required.*WARP_API_KEY.*https:\/\/oz\.warp\.dev\/settings/),
      expect.stringMatching(/^--worker-id: required/),
    ]);
    expect(refusal(["--worker-id", "w"], {})).toHaveLength(1);
    expect(refusal(["--worker-id", "w"], { WARP_API_KEY: " \n" })).toEqual([
      expect.stringMatching(/^WARP_API_KEY .*blank/),
    ]);
    expect(refusal(["--worker-id", "w", "--api-key="])).toEqual([expect.stringMatching(/^--api-key: is blank/)]);
    expect(refusal(["--config-file", file("no-id.yaml", "cleanup: true\n")])).toHaveLength(1);
  });

  test("every bad value of the flags, each line with its flag, none with a secret", () => {
    const argv = [
      ...[
        "--api-key",
        "hunter2 x",
        "--worker-id=warp-1",
        "--backend=direct",
        "--log-level=loud",
        "-v",
        "/a",
        "-e",
        "A B=hunter2",
      ],
      ...[
        "-e",
        "",
        "--max-concurrent-tasks",
        "-1",
        "--idle-on-complete",
        "45",
        "--web-socket-url",
        "wss://u:hunter2@h",
      ],
      ...["--server-root-url", "ftp://hunter2", "--session-sharing-server-url=", "--config-file="],
    ];
    const lines = refusal(argv);
    expect(lines.map((line) => line.slice(0, line.indexOf(": ")))).toEqual([
      ...["--api-key", "--worker-id", "--backend", "--log-level", "--volumes", "--env (number 1)", "--env (number 2)"],
      ...["--max-concurrent-tasks", "--idle-on-complete", "--web-socket-url", "--server-root-url"],
      ...["--session-sharing-server-url", "--config-file"],
    ]);
    expect(lines.join("\n")).not.toContain("hunter2");
  });

  test("a key in the environment that no header can carry, unseen", () => {
    const lines = refusal(["--worker-id", "w"], { WARP_API_KEY: "wk\nhunter2" });
    expect(lines).toEqual([expect.stringMatching(/^WARP_API_KEY/)]);
    expect(lines.join()).not.toContain("hunter2");
  });

  test("a container path that is taken already", () => {
    expect(refusal(["--config-file", example, "-v", "/x:/cache/"])).toEqual([
      expect.stringContaining(
        "--volumes (number 1): mounts /cache, and so does backend.docker.volumes[0] of the config file",
      ),
    ]);
  });

  test("a file that cannot be read", () => {
    expect(refusal(["--config-file", join(folder, "none.yaml")])).toEqual([
      expect.stringMatching(/^--config-file: .*no such file/),
    ]);
    expect(refusal(["--config-file", join(example, "x")])).toEqual([expect.stringContaining("no such file")]);
    expect(refusal(["--config-file", folder])).toEqual([expect.stringContaining("it is a folder")]);
    expect(refusal(["--config-file", file("big.yaml", "#".repeat(300_000))])).toEqual([
      expect.stringContaining("larger than 256 KiB"),
    ]);
    expect(refusal(["--config-file", "/dev/zero"])).toEqual([expect.stringContaining("larger than 256 KiB")]);
    expect(refusal(["--config-file", "a\0b"])).toHaveLength(1);
  });

  test("a file that the user may not read", () => {
    const unreadable = () => ({ kind: "unreadable" as const, reason: "this user may not read it" });
    expect(parseCommandLine(["--config-file", "secret.yaml"], KEY, unreadable)).toEqual({
      kind: "refuse",
      lines: ["--config-file: secret.yaml cannot be read: this user may not read it"],
    });
  });

  test("the problems of the file name it, a line each", () => {
    const path = file(
      "bad.yaml",
      "worker_id: warp\nbackend:\n  docker:\n    environment:\n      - name: A\n      - value: hunter2\n",
    );
    expect(refusal(["--config-file", path])).toEqual([
      expect.stringContaining(`${path}:1:12: worker_id: `),
      expect.stringContaining(`${path}:6:9: backend.docker.environment[1].name: is missing`),
    ]);
  });
});

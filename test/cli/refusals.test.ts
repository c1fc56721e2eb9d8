import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReadFile } from "../../src/config/read-file.ts";
import type { Environment } from "../../src/config/resolve.ts";
import { runWords } from "./run-words.ts";

const KEY = { WARP_API_KEY: "wk-hunter2" };

let folder = "";
let example = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oz-agent-worker-cli-"));
  example = file("example.yaml", 'worker_id: w\nbackend: {docker: {volumes: ["/opt/shared-cache:/cache:ro"]}}\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The lines of a command line that is refused; none where it is not, or not as it should be. */
async function refusal(
  argv: readonly string[],
  env: Environment = KEY,
  readFile?: ReadFile,
): Promise<readonly string[]> {
  const { code, stdout, lines, started } = await runWords(argv, env, readFile);
  return code === 2 && stdout === "" && started === undefined ? lines : [];
}

describe("what is refused", () => {
  test("what is missing, a line each", async () => {
    expect(await refusal([], {})).toEqual([
      expect.stringMatching(/^--api-key: required.*WARP_API_KEY.*https:\/\/oz\.warp\.dev\/settings/),
      expect.stringMatching(/^--worker-id: required/),
    ]);
    expect(await refusal(["--worker-id", "w"], {})).toHaveLength(1);
    expect(await refusal(["--worker-id", "w"], { WARP_API_KEY: " \n" })).toEqual([
      expect.stringMatching(/^WARP_API_KEY .*blank/),
    ]);
    expect(await refusal(["--worker-id", "w", "--api-key="])).toEqual([expect.stringMatching(/^--api-key: is blank/)]);
    expect(await refusal(["--config-file", file("no-id.yaml", "cleanup: true\n")])).toHaveLength(1);
  });

  test("every bad value of the flags, each line with its flag, none with a secret", async () => {
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
    const lines = await refusal(argv);
    expect(lines.map((line) => line.slice(0, line.indexOf(": ")))).toEqual([
      ...["--api-key", "--worker-id", "--backend", "--log-level", "--volumes", "--env (number 1)", "--env (number 2)"],
      ...["--max-concurrent-tasks", "--idle-on-complete", "--web-socket-url", "--server-root-url"],
      ...["--session-sharing-server-url", "--config-file"],
    ]);
    expect(lines.join("\n")).not.toContain("hunter2");
  });

  test("a key in the environment that no header can carry, unseen", async () => {
    const lines = await refusal(["--worker-id", "w"], { WARP_API_KEY: "wk\nhunter2" });
    expect(lines).toEqual([expect.stringMatching(/^WARP_API_KEY/)]);
    expect(lines.join()).not.toContain("hunter2");
  });

  test("a container path that is taken already", async () => {
    expect(await refusal(["--config-file", example, "-v", "/x:/cache/"])).toEqual([
      expect.stringContaining(
        "--volumes (number 1): mounts /cache, and so does backend.docker.volumes[0] of the config file",
      ),
    ]);
  });

  test("a file that cannot be read", async () => {
    expect(await refusal(["--config-file", join(folder, "none.yaml")])).toEqual([
      expect.stringMatching(/^--config-file: .*no such file/),
    ]);
    expect(await refusal(["--config-file", join(example, "x")])).toEqual([expect.stringContaining("no such file")]);
    expect(await refusal(["--config-file", folder])).toEqual([expect.stringContaining("it is a folder")]);
    expect(await refusal(["--config-file", file("big.yaml", "#".repeat(300_000))])).toEqual([
      expect.stringContaining("larger than 256 KiB"),
    ]);
    expect(await refusal(["--config-file", "/dev/zero"])).toEqual([expect.stringContaining("larger than 256 KiB")]);
    expect(await refusal(["--config-file", "a\0b"])).toHaveLength(1);
  });

  test("a file that the user may not read", async () => {
    const unreadable = () => ({ kind: "unreadable" as const, reason: "this user may not read it" });
    expect(await refusal(["--config-file", "secret.yaml"], KEY, unreadable)).toEqual([
      "--config-file: secret.yaml cannot be read: this user may not read it",
    ]);
  });

  test("the problems of the file name it, a line each", async () => {
    const path = file(
      "bad.yaml",
      "worker_id: warp\nbackend:\n  docker:\n    environment:\n      - name: A\n      - value: hunter2\n",
    );
    expect(await refusal(["--config-file", path])).toEqual([
      expect.stringContaining(`${path}:1:12: worker_id: `),
      expect.stringContaining(`${path}:6:9: backend.docker.environment[1].name: is missing`),
    ]);
  });
});

describe("what would make every task fail is refused by name, in one line, with the way out", () => {
  const big = "hunter2".repeat(20_000);
  const table: [what: string, argv: readonly string[], env: Environment, line: string][] = [
    ["a key in quotes", [], { WARP_API_KEY: '"wk-hunter2"' }, "WARP_API_KEY (or --api-key): stands in quotes"],
    ["a key in quotes by flag", ["--api-key", "'wk-hunter2'"], {}, "--api-key: stands in quotes"],
    ["a placeholder", [], { WARP_API_KEY: "your_team_api_key" }, "WARP_API_KEY (or --api-key): is a placeholder"],
    ["the README's placeholder", [], { WARP_API_KEY: "wk-..." }, "WARP_API_KEY (or --api-key): is a placeholder"],
    ["a variable of compose", [], { WARP_API_KEY: `\${WARP_API_KEY}` }, "nothing has filled in"],
    [
      "a template for an id",
      ["--worker-id", `\${HOSTNAME}`],
      KEY,
      "--worker-id (number 2): takes a name that tasks are routed by",
    ],
    ["a volume onto the agent", ["-v", "/a:/x/../agent/"], KEY, "--volumes: cannot be mounted onto or below /agent"],
    [
      "a volume below the agent",
      ["-v", "/a:/b", "-v", "a1:/agent/x:ro"],
      KEY,
      "--volumes (number 2): cannot be mounted",
    ],
    ["TASK_ID", ["-e", "TASK_ID=hunter2"], KEY, "--env: would set TASK_ID, which tells each task its own id; give"],
    ["TASK_ID, inherited", ["-e", "TASK_ID"], { ...KEY, TASK_ID: "hunter2" }, "--env: would set TASK_ID"],
    [
      "a large variable",
      ["-e", `BIG=${big}`],
      KEY,
      "--env: would set BIG to more than a process can be given (140005 bytes",
    ],
    [
      "a large one, inherited",
      ["-e", "BIG"],
      { ...KEY, BIG: big },
      "--env: would set BIG to more than a process can be",
    ],
  ];
  test.each(table)("%s", async (_what, argv, env, line) => {
    const lines = await refusal(["--worker-id", "w", ...argv], env);
    expect(lines).toEqual([expect.stringContaining(line)]);
    expect(lines.join()).not.toContain("hunter2");
  });

  test("a large variable that the file inherits has its place in the file", async () => {
    const path = file(
      "inherits.yaml",
      "worker_id: w\nbackend:\n  docker:\n    environment:\n      - name: A\n      - name: BIG\n",
    );
    expect(await refusal(["--config-file", path], { ...KEY, A: "1", BIG: big })).toEqual([
      expect.stringContaining(`${path}:6:9: backend.docker.environment[1]: would set BIG to more than a process can`),
    ]);
    // What wins over it counts in its place.
    const { started } = await runWords(["--config-file", path, "-e", "BIG=small"], { ...KEY, BIG: big });
    expect(started?.config.environment).toEqual([{ name: "BIG", value: "small" }]);
  });

  test("all variables together have a bound, from flags and file alike", async () => {
    const eight = Array.from({ length: 8 }, (_, index) => ["-e", `V${index}=${"x".repeat(131_072 - 4)}`]).flat();
    const { started } = await runWords(["--worker-id", "w", ...eight.slice(4)], KEY);
    expect(started?.config.environment).toHaveLength(6);
    expect(await refusal(["--worker-id", "w", ...eight, "-e", "ONE=more"])).toEqual([
      "--env: all configured variables together have 1048585 bytes, and tasks take at most 786432; V0 is the largest (131072): put it into a file and mount that as a volume",
    ]);
    const path = file("one.yaml", "worker_id: w\nbackend: {docker: {environment: [{name: V}]}}\n");
    const lines = await refusal(["--config-file", path, ...eight.slice(2), "-e", "W=y"], {
      ...KEY,
      V: "x".repeat(131_069),
    });
    expect(lines).toEqual([
      expect.stringContaining(`${path}:2:34: backend.docker.environment[0]: all configured variables together have`),
    ]);
  });
});

test("no message advises a flag that is not in the help", async () => {
  const { stdout } = await runWords(["--help"]);
  const table = [
    ["--bogus"],
    ["--web-socket"],
    ["start"],
    ["x", "y"],
    ["--worker-id", "a", "health"],
    ["--api-key"],
    ["-v", "x"],
    ["-e", ""],
    ["-e", "TASK_ID"],
    ["-v", "/a:/agent"],
    ["--worker-id", "warp"],
    ["--backend", "direct"],
    ["--log-level", "x"],
    ["--idle-on-complete", "1"],
    ["--max-concurrent-tasks", "x"],
    ["--config-file", "/none"],
    ["--cleanup=x"],
    ["-e", `A=${"x".repeat(200_000)}`],
    ["--api-key", "'x'"],
    ["--api-key", "xxx"],
    ["--worker-id", "w", "--api-key", "a b"],
    [],
    ["--config-file", file("wrong.yaml", "api_key: x\ncleanup: 1\nbackend: {docker: {environment: [{name: A B}]}}\n")],
  ];
  for (const argv of table) {
    const lines = await refusal(argv, {});
    expect(lines.length).toBeGreaterThan(0);
    for (const [flag] of lines.join("\n").matchAll(/--[a-z][a-z-]*/g)) {
      if (!argv.some((word) => word.startsWith(flag))) expect(stdout).toContain(`${flag} `.trimEnd());
    }
  }
});

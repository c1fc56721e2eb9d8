import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCommandLine } from "../src/cli.ts";

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

function refusal(argv: readonly string[], env: Readonly<Record<string, string | undefined>> = KEY): readonly string[] {
  const action = parseCommandLine(argv, env);
  return action.kind === "refuse" ? action.lines : [];
}

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

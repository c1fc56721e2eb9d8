import { describe, expect, test } from "bun:test";
import { version } from "../../package.json";
import { refuse } from "../../src/cli/command.ts";
import { define } from "../../src/cli/define.ts";
import { HELP_FLAG } from "../../src/cli/flag.ts";
import { worker } from "../../src/cli/worker.ts";
import { runWords } from "./run-words.ts";

const KEY = { WARP_API_KEY: "wk-hunter2" };

describe("a word that is no command is called that, with the commands there are", () => {
  const names = Object.keys(worker.subCommands);
  const only = `the commands are ${names.slice(0, -1).join(", ")} and ${names.at(-1)}, and without one the worker starts (see --help)`;
  const table: [argv: string[], line: string][] = [
    [["start"], `unknown command start; ${only}`],
    [["start", "--worker-id", "w"], `unknown command start; ${only}`],
    [["oz-agent-worker", "--worker-id", "w"], `unknown command oz-agent-worker; ${only}`],
    [["heatlh"], "unknown command heatlh; did you mean health?"],
    [["Health"], "unknown command Health; did you mean health?"],
    [["help"], "unknown command help; did you mean --help?"],
    [["version"], "unknown command version; did you mean --version?"],
    [["toString"], `unknown command; ${only}`],
    [["wk-hunter"], `unknown command; ${only}`],
    [["hunter2"], `unknown command; ${only}`],
    [["KEY=hunter2"], `unknown command; ${only}`],
    [["a\u001bb"], `unknown command; ${only}`],
    [["", "--worker-id", "w"], "argument 1 belongs to no flag (see --help); a value with spaces needs quotes"],
    [["--worker-id", "my", "worker"], "argument 3 belongs to no flag (see --help); a value with spaces needs quotes"],
  ];
  test.each(table)("%j: %s", async (argv, line) => {
    expect(await runWords(argv, KEY)).toMatchObject({ code: 2, stdout: "", lines: [line], started: undefined });
  });
});

describe("a command stands before flags", () => {
  const line = "health is a command, and commands stand before flags: oz-agent-worker health [--worker-id ID]";
  const table = [
    ["--worker-id", "x", "health"],
    ["--log-level=debug", "health"],
    ["-e", "A=b", "health", "--worker-id", "x"],
    ["--", "health"],
  ];
  test.each(table.map((argv) => [argv]))("%j", async (argv) => {
    expect(await runWords(argv, KEY)).toMatchObject({ code: 2, lines: [line], started: undefined });
  });
  test("where it is the value of a flag it is one", async () => {
    const { started } = await runWords(["--worker-id", "health"], KEY);
    expect(started?.config.workerId).toBe("health");
  });
});

describe("health", () => {
  const nothingElse = "health: takes --worker-id ID and nothing else; see oz-agent-worker health --help";
  const table: [argv: string[], line: string][] = [
    [["--bogus"], nothingElse],
    [["--log-level", "debug"], nothingElse],
    [["-e", "A=hunter2"], nothingElse],
    [["-worker-id", "x"], nothingElse],
    [["hunter2"], nothingElse],
    [["health"], nothingElse],
    [["--version"], nothingElse],
    [["--worker-id"], "--worker-id: needs a value; it takes a name that tasks are routed by, such as prod-runner-1"],
    [["--worker-id", "--log-level"], "--worker-id: needs a value and a flag follows"],
    [["--worker-id", "warp-1"], "--worker-id: takes a name that tasks are routed by"],
    [["--worker-id", `\${WORKER_ID}`], "--worker-id: takes a name that tasks are routed by"],
    [["--worker-id="], "--worker-id: is blank"],
  ];
  test.each(table)("%j: %s", async (argv, line) => {
    const ran = await runWords(["health", ...argv]);
    expect(ran).toMatchObject({ code: 2, stdout: "", lines: [expect.stringContaining(line)] });
    expect(ran.stderr).not.toContain("hunter2");
  });
  test("a worker that does not run is not healthy, and no worker is started", async () => {
    const ran = await runWords(["health", "--worker-id", "nobody", "--worker-id=nobody-of-this-name"], KEY);
    expect(ran).toMatchObject({ code: 1, stdout: "", started: undefined });
    expect(ran.lines).toEqual([expect.stringContaining("nobody-of-this-name")]);
  });
});

test("the version, wherever it is asked for", async () => {
  const stdout = `oz-agent-worker ${version}\n`;
  expect(await runWords(["--version"])).toMatchObject({ code: 0, stdout, stderr: "" });
  expect(await runWords(["start", "--version"])).toMatchObject({ code: 0, stdout, stderr: "" });
});

describe("a command is one definition, whatever stands around it", () => {
  const information = { exitCodes: [[0, "good"]] } as const;
  const check = define({
    meta: { name: "check", description: "look at a config file" },
    args: {
      file: { type: "string", alias: "f", valueHint: "PATH", takes: "a path", description: "the file" },
      strict: { type: "boolean", description: "warnings count", negativeDescription: "they do not" },
      secret: { type: "boolean", hidden: true },
      help: HELP_FLAG,
    },
    help: { synopsis: "[flags]", ...information },
    run: (values, around) => {
      around.stdout(JSON.stringify(values));
      return 1;
    },
  });
  const config = define({
    meta: { name: "config", description: "about config files" },
    args: { help: HELP_FLAG },
    subCommands: { check },
    help: { synopsis: "", ...information },
    run: (_, around) => refuse(["config: takes a command"], around),
  });
  const program = define({
    meta: { name: "tool", description: "does things" },
    args: { help: HELP_FLAG },
    subCommands: { config },
    help: { synopsis: "[flags]", ...information },
    run: () => undefined,
  });
  const run = (...argv: string[]) => runWords(argv, {}, undefined, program);

  test("its values, its exit code, and nothing of the commands above it", async () => {
    expect(await run("config", "check", "-f", "a", "--no-strict", "--file=b", "--secret")).toMatchObject({
      code: 1,
      stdout: '{"file":["a","b"],"strict":["false"],"secret":["true"]}',
      stderr: "",
    });
    expect(await run("config")).toMatchObject({ code: 2, lines: ["config: takes a command"] });
    expect(await run()).toMatchObject({ code: undefined, stdout: "", stderr: "" });
  });
  test("its help", async () => {
    expect((await run("config", "check", "-h")).stdout).toBe(
      [
        "Usage: tool config check [flags]",
        "",
        "Look at a config file.",
        "",
        "Flags:",
        "  -f, --file PATH",
        "          the file",
        "      --strict",
        "          warnings count",
        "      --no-strict",
        "          they do not",
        "",
        "Information:",
        "  -h, --help",
        "          show this and exit",
        "",
        "Exit codes:",
        "  0  good",
        "",
      ].join("\n"),
    );
  });
  test("words that make no sense", async () => {
    const takes = "check: takes --file PATH, --strict and --no-strict and nothing else; see tool config check --help";
    expect(await run("config", "check", "x")).toMatchObject({ code: 2, lines: [takes] });
    expect((await run("config", "chek")).lines).toEqual(["unknown command chek; did you mean check?"]);
    expect((await run("--help", "config")).stdout).toContain("  config  about config files\n");
  });
});

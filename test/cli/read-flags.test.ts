import { describe, expect, test } from "bun:test";
import { readFlags } from "../../src/cli/read-flags.ts";
import { worker } from "../../src/cli/worker.ts";

const read = (argv: readonly string[]) => readFlags({ command: worker, title: "oz-agent-worker", rest: argv });

describe("words are read", () => {
  const table: [argv: string[], expected: Record<string, string[]>][] = [
    [[], {}],
    [["--worker-id", "a"], { "worker-id": ["a"] }],
    [["--worker-id=a"], { "worker-id": ["a"] }],
    [["--worker-id", "a", "--worker-id=b"], { "worker-id": ["a", "b"] }],
    [["--worker-id="], { "worker-id": [""] }],
    [["--worker-id", ""], { "worker-id": [""] }],
    [["-v", "/a:/b", "--volumes=/c:/d", "-v/e:/f", "-v=/g:/h"], { volumes: ["/a:/b", "/c:/d", "/e:/f", "/g:/h"] }],
    [["-e", "A=-x", "-eB=1", "-e=C=2", "--env", "D=", "--env=E=F=G"], { env: ["A=-x", "B=1", "C=2", "D=", "E=F=G"] }],
    [["-e="], { env: [""] }],
    [["--env==x"], { env: ["=x"] }],
    [["--max-concurrent-tasks", "-1"], { "max-concurrent-tasks": ["-1"] }],
    [["--idle-on-complete", "-5m"], { "idle-on-complete": ["-5m"] }],
    [["--api-key=--odd"], { "api-key": ["--odd"] }],
    [["--api-key=-e"], { "api-key": ["-e"] }],
    [["--worker-id", "a", "--"], { "worker-id": ["a"] }],
  ];
  test.each(table)("%j", (argv, expected) => {
    expect(read(argv)).toEqual({ kind: "values", values: expected });
  });

  const cleanups: [argv: string[], cleanup: string[]][] = [
    [["--no-cleanup"], ["false"]],
    [["--cleanup"], ["true"]],
    [["--no-cleanup=true"], ["false"]],
    [["--no-cleanup=false"], ["true"]],
    [["--cleanup=false"], ["false"]],
    [
      ["--no-cleanup", "--cleanup"],
      ["false", "true"],
    ],
    [
      ["--cleanup", "--no-cleanup"],
      ["true", "false"],
    ],
  ];
  test.each(cleanups)("%j", (argv, cleanup) => {
    expect(read(argv)).toEqual({ kind: "values", values: { cleanup } });
  });
});

describe("help and version win wherever they stand", () => {
  const help = [
    ["--help"],
    ["-h"],
    ["x", "--bogus", "--help"],
    ["--worker-id", "--help"],
    ["-e", "-h"],
    ["--version", "-h"],
    ["-hv"],
    ["--help=x"],
  ];
  test.each(help.map((argv) => [argv]))("%j", (argv) => {
    expect(read(argv)).toEqual({ kind: "help" });
  });
  const version = [["--version"], ["--nope", "--version", "x"], ["-e", "--version"]];
  test.each(version.map((argv) => [argv]))("%j", (argv) => {
    expect(read(argv)).toEqual({ kind: "version" });
  });
});

describe("a word that makes no sense is named, its value is not", () => {
  const table: [argv: string[], line: string][] = [
    [["--bogus"], "unknown flag --bogus; see --help"],
    [["--bogus=hunter2"], "unknown flag --bogus; see --help"],
    [["--bogus hunter2"], "unknown flag --bogus; see --help"],
    [["--api-key hunter2"], "--api-key: its value stands in the same word; write --api-key=VALUE"],
    [["--api-key:hunter2"], "--api-key: its value stands in the same word"],
    [["-api-key hunter2"], "unknown flag -a"],
    [["--env A=hunter2"], "--env: its value stands in the same word"],
    [["--worker-di", "hunter2"], "unknown flag --worker-di; did you mean --worker-id?"],
    [["--worker_id=x"], "did you mean --worker-id?"],
    [["--work", "x"], "did you mean --worker-id?"],
    [["--volume", "/a:/b"], "did you mean --volumes?"],
    [["--environment", "A=b"], "unknown flag --environment"],
    [["-worker-id", "x"], "unknown flag -worker-id; did you mean --worker-id?"],
    [["-api-key=hunter2"], "unknown flag -api-key; did you mean --api-key?"],
    [["-env", "A=hunter2"], "unknown flag -env; did you mean --env?"],
    [["-version"], "unknown flag -version; did you mean --version?"],
    [["-xhunter2"], "unknown flag -x; see --help"],
    [["---help"], "unknown flag ---help; did you mean --help?"],
    [["--no-help"], "unknown flag --no-help"],
    [["--api-keywk-hunter2"], "unknown flag --api-key...; see --help"],
    [["--APIKEYhunter2"], "unknown flag --APIKEY...; see --help"],
    [
      ["—worker-id", "hunter2"],
      "argument 1 begins with a long dash, as texts show them; flags begin with two short ones",
    ],
    [["--log-level", "info", "–-hunter2"], "argument 3 begins with a long dash"],
    [["--__proto__=hunter2"], "unknown flag --__proto__"],
    [["--toString"], "unknown flag --toString"],
    [["--=hunter2"], "unknown flag --;"],
    [["--a\u001bb"], "unknown flag --a; see --help"],
    [["--worker-id"], "--worker-id: needs a value; it takes a name"],
    [["-v"], "--volumes (-v): needs a value; it takes HOST:CONTAINER"],
    [["--worker-id", "--api-key", "hunter2"], "--worker-id: needs a value and a flag follows"],
    [["--api-key", "-ehunter2=1"], "--api-key: needs a value and a flag follows"],
    [["--api-key", "--"], "--api-key: needs a value and a flag follows"],
    [["--no-cleanup=hunter2"], "--no-cleanup: takes no value"],
    [["--web-socket"], "unknown flag --web-socket; see --help for the flags"],
    [["--health"], "unknown flag --health; health is a command: oz-agent-worker health [--worker-id ID]"],
    [["--no-cleanup", "true"], "argument 2 belongs to no flag"],
    [["--worker-id", "a", ""], "argument 3 belongs to no flag"],
    [["-"], "argument 1 belongs to no flag"],
    [["--", "--help"], "argument 2 belongs to no flag"],
  ];
  test.each(table)("%j: %s", (argv, line) => {
    const words = read(argv);
    expect(words).toEqual({ kind: "problem", line: expect.stringContaining(line) });
    expect(JSON.stringify(words)).not.toContain("hunter2");
    expect(JSON.stringify(words)).not.toContain("\\n");
  });
});

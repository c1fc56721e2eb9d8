import { describe, expect, test } from "bun:test";
import { flagNames } from "../../src/cli/flag.ts";
import { worker } from "../../src/cli/worker.ts";
import { runWords } from "./run-words.ts";

async function help(...argv: string[]): Promise<string> {
  const readFile = () => {
    throw new Error("help reads no file");
  };
  const { code, stdout, stderr } = await runWords([...argv, "--config-file", "x", "--help"], {}, readFile);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe.each([[[]], ...Object.keys(worker.subCommands).map((name) => [[name]])])(
  "the help of %j",
  (argv: string[]) => {
    test("is plain text of at most 80 columns with one line end behind it", async () => {
      const text = await help(...argv);
      expect(text).not.toMatch(/[^\P{Cc}\n]/u);
      expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
      expect(text).toEndWith("\n");
      expect(text).not.toMatch(/\n\n$|\n\n\n|[ \t]\n|undefined/);
    });
    test("says what it is, its flags and its exit codes", async () => {
      const text = await help(...argv);
      expect(text).toStartWith(`Usage: ${["oz-agent-worker", ...argv].join(" ")} `);
      expect(text).toMatch(/\nExit codes:\n {2}0 {2}\S.*\n(?: {2,}\S.*\n)* {2}2 {2}\S.*\n/);
      expect(text).toContain("--help");
    });
  },
);

test("the worker's help shows every flag that is not hidden, each once, and no hidden one", async () => {
  const text = await help("--bogus");
  const shown = [...text.matchAll(/^ {2}(?:-\w, | {4})--([a-z-]+)/gm)].map(([, name]) => name);
  expect(shown).toEqual([
    ...["api-key", "worker-id", "volumes", "env", "max-concurrent-tasks", "idle-on-complete", "cleanup", "no-cleanup"],
    ...["keep-failed", "on-stop", "drain-timeout", "one-shot", "max-tasks", "exit-when-idle", "max-uptime"],
    ...["config-file", "backend", "log-level", "log-format", "help", "version"],
  ]);
  const hidden = ["web-socket-url", "server-root-url", "session-sharing-server-url"];
  expect(flagNames(worker.args).map(({ written }) => written)).toEqual(expect.arrayContaining([...shown, ...hidden]));
  for (const name of hidden) expect(text).not.toContain(name);
});

test("the worker's help names its commands, its variables, and examples that can be typed", async () => {
  const text = await help();
  expect(text).toMatch(
    /\nCommands \(oz-agent-worker COMMAND --help says more\):\n {2}status {3}.*\n(?: {2,}.*\n)* {2}health {3}/,
  );
  for (const name of ["WARP_API_KEY", "DOCKER_HOST", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "HTTPS_PROXY"]) {
    expect(text).toMatch(new RegExp(`^  (?:.*, )?${name}\\b.*\\S`, "m"));
  }
  const examples = text.replaceAll("\\\n", " ").matchAll(/^ {2}oz-agent-worker (-.*)$/gm);
  for (const [, words = ""] of examples) {
    const argv = words.split(/ +/).filter((word) => word !== "");
    const content = () => ({ kind: "content" as const, bytes: new TextEncoder().encode("worker_id: w\n") });
    expect(await runWords(argv, { WARP_API_KEY: "wk-1", NPM_TOKEN: "x" }, content)).toMatchObject({
      code: undefined,
      stderr: "",
    });
  }
});

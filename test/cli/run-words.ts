import type { Command, ExitCode, Surroundings } from "../../src/cli/command.ts";
import { runCommandLine } from "../../src/cli/run-command-line.ts";
import type { ReadFile } from "../../src/config/read-file.ts";
import type { Environment } from "../../src/config/resolve.ts";
import type { WorkerConfig } from "../../src/config/worker-config.ts";

/** What came of a command line. */
export interface Ran {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stderr. */
  readonly lines: readonly string[];
  /** What the worker was to be started with. */
  readonly started: { readonly config: WorkerConfig; readonly notices: readonly string[] } | undefined;
}

/** Runs the words after the program's name as the process does, up to the worker's start. */
export async function runWords(
  argv: readonly string[],
  env: Environment = {},
  readFile?: ReadFile,
  program?: Command,
): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  let started: Ran["started"];
  const around: Surroundings = {
    env,
    ...(readFile === undefined ? {} : { readFile }),
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    dockerSocket: () => undefined,
    openTaskView: async () => ({ kind: "failed", problem: "no daemon here" }),
    examine: async () => [],
    interrupted: () => new AbortController().signal,
    confirm: async () => undefined,
    startWorker: async ({ config, notices }) => {
      started = { config, notices };
    },
  };
  const code = await runCommandLine(argv, around, program);
  return { code, stdout, stderr, lines: stderr === "" ? [] : stderr.replace(/\n$/, "").split("\n"), started };
}

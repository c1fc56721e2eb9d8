import { version } from "../package.json";
import { parseFlags } from "./config/flags.ts";
import { healthUsage, parseHealthFlags } from "./config/health-flags.ts";
import type { ReadFile } from "./config/read-file.ts";
import { type Environment, resolveConfig } from "./config/resolve.ts";
import { usage } from "./config/usage.ts";
import type { WorkerConfig } from "./config/worker-config.ts";
import { buildCommit } from "./support/build-commit.ts";

/** What a command line asks for. */
export type CliAction =
  /** Start the worker; `notices` are worth one warning line each in the log. */
  | { readonly kind: "run"; readonly config: WorkerConfig; readonly notices: readonly string[] }
  /** Ask the running workers how they are, those of one id or all; exit 0 or 1. */
  | { readonly kind: "health"; readonly workerId: string | undefined }
  /** Text for stdout, with its line end; exit 0. */
  | { readonly kind: "print"; readonly text: string }
  /** Lines for stderr, one a problem; exit 2. */
  | { readonly kind: "refuse"; readonly lines: readonly string[] };

/**
 * Decides what to do from the words after the program's name and the process's environment. Reads the config file if
 * one is named, and nothing else; help and version read nothing. No line of the answer holds a secret.
 */
export function parseCommandLine(argv: readonly string[], env: Environment, readFile?: ReadFile): CliAction {
  if (argv[0] === "health") return healthAction(argv.slice(1));
  const words = parseFlags(argv);
  switch (words.kind) {
    case "help":
      return { kind: "print", text: usage() };
    case "version":
      return { kind: "print", text: versionLine(buildCommit) };
    case "problem":
      return { kind: "refuse", lines: [words.line] };
    case "flags": {
      const resolved = resolveConfig(words, env, readFile);
      if (resolved.kind === "problems") return { kind: "refuse", lines: resolved.lines };
      return { kind: "run", config: resolved.config, notices: resolved.notices };
    }
  }
}

/** What `--version` prints: the release, and the commit where a build has put it in. */
export function versionLine(commit: string | undefined): string {
  return `oz-agent-worker ${version}${commit === undefined ? "" : ` (commit ${commit})`}\n`;
}

function healthAction(argv: readonly string[]): CliAction {
  const words = parseHealthFlags(argv);
  switch (words.kind) {
    case "help":
      return { kind: "print", text: healthUsage() };
    case "problem":
      return { kind: "refuse", lines: [words.line] };
    case "health":
      return words;
  }
}

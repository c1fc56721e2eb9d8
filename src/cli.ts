import { version } from "../package.json";
import { parseFlags } from "./config/flags.ts";
import type { ReadFile } from "./config/read-file.ts";
import { type Environment, resolveConfig } from "./config/resolve.ts";
import { usage } from "./config/usage.ts";
import type { WorkerConfig } from "./config/worker-config.ts";

/** What a command line asks for. */
export type CliAction =
  /** Start the worker; `notices` are worth one warning line each in the log. */
  | { readonly kind: "run"; readonly config: WorkerConfig; readonly notices: readonly string[] }
  /** Text for stdout, with its line end; exit 0. */
  | { readonly kind: "print"; readonly text: string }
  /** Lines for stderr, one a problem; exit 2. */
  | { readonly kind: "refuse"; readonly lines: readonly string[] };

/**
 * Decides what to do from the words after the program's name and the process's environment. Reads the config file if
 * one is named, and nothing else; help and version read nothing. No line of the answer holds a secret.
 */
export function parseCommandLine(argv: readonly string[], env: Environment, readFile?: ReadFile): CliAction {
  const words = parseFlags(argv);
  switch (words.kind) {
    case "help":
      return { kind: "print", text: usage() };
    case "version":
      return { kind: "print", text: `oz-agent-worker ${version}\n` };
    case "problem":
      return { kind: "refuse", lines: [words.line] };
    case "flags": {
      const resolved = resolveConfig(words, env, readFile);
      if (resolved.kind === "problems") return { kind: "refuse", lines: resolved.lines };
      return { kind: "run", config: resolved.config, notices: resolved.notices };
    }
  }
}

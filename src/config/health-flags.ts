import { parseArgs } from "node:util";
import { parseWorkerId, WORKER_ID_TAKES } from "./setting-values.ts";

/** What the words after `oz-agent-worker health` say. */
export type HealthWords =
  | { readonly kind: "health"; readonly workerId: string | undefined }
  | { readonly kind: "help" }
  | { readonly kind: "problem"; readonly line: string };

/** Reads the words after `health`. */
export function parseHealthFlags(argv: readonly string[]): HealthWords {
  const options = { "worker-id": { type: "string" }, help: { type: "boolean", short: "h" } } as const;
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  let workerId: string | undefined;
  for (const token of tokens) {
    if (token.kind === "option" && token.name === "help") return { kind: "help" };
    if (token.kind !== "option" || token.name !== "worker-id") {
      return {
        kind: "problem",
        line: "health: takes --worker-id ID and nothing else; see oz-agent-worker health --help",
      };
    }
    if (token.value === undefined || (!token.inlineValue && token.value.startsWith("--"))) {
      return { kind: "problem", line: `--worker-id: needs a value; it takes ${WORKER_ID_TAKES}` };
    }
    const id = parseWorkerId(token.value);
    if (!id.ok) return { kind: "problem", line: `--worker-id: ${id.problem}` };
    workerId = id.value;
  }
  return { kind: "health", workerId };
}

/** The help of `health`: plain text in at most 100 columns. */
export function healthUsage(): string {
  return [
    "Usage: oz-agent-worker health [--worker-id ID]",
    "",
    "Asks the workers of this machine, or of this container, how they are: over a local socket, no port.",
    "Only root and the user of a worker can ask it.",
    "",
    "      --worker-id ID",
    "          only the workers with this id (default: all of them, and all must be healthy)",
    "",
    "Exit codes: 0 each is connected to Oz and its Docker daemon answers, 1 not so, or none runs (one",
    "line on stderr says why), 2 bad flags.",
    "",
  ].join("\n");
}

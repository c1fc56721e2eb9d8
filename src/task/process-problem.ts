import { quoted } from "../support/printable.ts";
import { entryBytes, MAX_ARGUMENTS_BYTES, MAX_ENTRY_BYTES, MAX_ENVIRONMENT_BYTES } from "../support/process-limits.ts";

const FLAG = /^--[a-z][a-z0-9-]*/;

/** The flag that an argument belongs to, for messages; its value may be a secret. */
function nameOfArgument(command: readonly string[], index: number): string {
  const flag = FLAG.exec(command[index] ?? "")?.[0] ?? FLAG.exec(command[index - 1] ?? "")?.[0];
  return flag === undefined ? `argument ${index} of the agent's command` : `the agent's argument ${flag}`;
}

function nameOfVariable(entry: string): string {
  return `the variable ${quoted(entry.split("=", 1)[0] ?? "", 60)}`;
}

interface Kind {
  readonly all: string;
  readonly maxBytes: number;
  readonly nameOf: (entries: readonly string[], index: number) => string;
}

const ARGUMENTS: Kind = {
  all: "the arguments of the agent's command",
  maxBytes: MAX_ARGUMENTS_BYTES,
  nameOf: nameOfArgument,
};
const VARIABLES: Kind = {
  all: "the task's variables",
  maxBytes: MAX_ENVIRONMENT_BYTES,
  nameOf: (entries, index) => nameOfVariable(entries[index] ?? ""),
};

function problemOf(entries: readonly string[], kind: Kind): string | undefined {
  let bytes = 0;
  for (const [index, entry] of entries.entries()) {
    if (entry.includes("\0"))
      return `${kind.nameOf(entries, index)} holds a NUL character, which no process can receive`;
    const size = entryBytes(entry);
    if (size > MAX_ENTRY_BYTES) {
      return `${kind.nameOf(entries, index)} takes ${size} bytes, and a process can receive ${MAX_ENTRY_BYTES} at most`;
    }
    bytes += size;
  }
  if (bytes <= kind.maxBytes) return undefined;
  return `${kind.all} take ${bytes} bytes together, and may take ${kind.maxBytes} at most`;
}

/**
 * Why no process could be started with this command and environment, in words that name the flag or variable and show no
 * value; `undefined` where one can. An engine would tell of it as an exit of the container, without a word.
 */
export function processProblem(command: readonly string[], environment: readonly string[]): string | undefined {
  return problemOf(command, ARGUMENTS) ?? problemOf(environment, VARIABLES);
}

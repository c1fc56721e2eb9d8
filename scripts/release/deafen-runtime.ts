import type { Problem } from "../environment/problem.ts";

/**
 * What a runtime asks the environment for before a line of the worker runs, and which would put something else in its
 * place: another program (BUN_BE_BUN), other flags and code that runs first (BUN_OPTIONS), a debugger that any user of
 * the machine can talk to (BUN_INSPECT...), other function bodies (functionOverrides of BUN_JSC_...), a file of such
 * settings (configFile). No option of `bun build --compile` turns them off.
 */
const NAMES = [
  "BUN_BE_BUN",
  "BUN_OPTIONS",
  "BUN_INSPECT",
  "BUN_INSPECT_CONNECT_TO",
  "BUN_INSPECT_PRELOAD",
  "JSC_functionOverrides",
  "JSC_configFile",
] as const;

/** What of a name is a fixed beginning of many: the engine looks for the rest. */
const PREFIX = /^JSC_/;

/**
 * A copy of a runtime that no longer knows those names. Each stands in it once, as a C string; its first character
 * becomes the end of the string, so that the runtime asks for a variable without a name, which no environment has.
 * A runtime in which a name is not there exactly once is another one than this was written for, and a problem.
 */
export function deafenRuntime(runtime: Uint8Array): Uint8Array | Problem {
  const copy = Buffer.from(runtime);
  for (const name of NAMES) {
    const text = Buffer.from(`\0${name}\0`, "latin1");
    const at = copy.indexOf(text);
    if (at < 0 || copy.indexOf(text, at + 1) >= 0) {
      return { problem: `the runtime has not exactly one ${name}, and would listen to it: see deafen-runtime.ts` };
    }
    copy[at + 1 + (PREFIX.exec(name)?.[0].length ?? 0)] = 0;
  }
  return copy;
}

import { rename, rm } from "node:fs/promises";
import { isProblem, type Problem } from "../environment/problem.ts";
import { compile } from "./compile.ts";
import { targetRuntime } from "./runtime.ts";
import type { Target } from "./targets.ts";

/** Makes a target's binary at `file`, with the runtime that it needs. Nothing is left of a build that fails. */
export async function buildBinary(
  target: Target,
  commit: string | undefined,
  file: string,
  say: (line: string) => void,
): Promise<Problem | undefined> {
  const runtime = await targetRuntime(target, say);
  if (isProblem(runtime)) return runtime;
  // A binary that runs at this moment cannot be written to, and nobody should start half of one.
  const unfinished = `${file}.${process.pid}.unfinished`;
  try {
    const problem = await compile({ target, runtime, outfile: unfinished, commit });
    if (problem !== undefined) return problem;
    await rename(unfinished, file);
    return undefined;
  } finally {
    await rm(unfinished, { force: true });
  }
}

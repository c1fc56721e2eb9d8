import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isProblem, type Problem } from "../environment/problem.ts";
import { compile } from "./compile.ts";
import { deafenRuntime } from "./deafen-runtime.ts";
import { targetRuntime } from "./runtime.ts";
import type { Target } from "./targets.ts";

/** The name is part of the binary: it is the same whatever the file is called, and so are the bytes. */
const INNER_NAME = "oz-agent-worker";

/** Makes a target's binary at `file`, with the runtime that it needs. Nothing is left of a build that fails. */
export async function buildBinary(
  target: Target,
  commit: string | undefined,
  file: string,
  say: (line: string) => void,
): Promise<Problem | undefined> {
  const locked = await targetRuntime(target, say);
  if (isProblem(locked)) return locked;
  const deafened = deafenRuntime(await readFile(locked));
  if (isProblem(deafened)) return deafened;
  // A binary that runs at this moment cannot be written to, and nobody should start half of one.
  const work = await mkdtemp(join(dirname(file), ".unfinished-"));
  try {
    const runtime = join(work, "runtime");
    await writeFile(runtime, deafened, { mode: 0o755 });
    const outfile = join(work, INNER_NAME);
    const problem = await compile({ target, runtime, outfile, commit });
    if (problem !== undefined) return problem;
    await rename(outfile, file);
    return undefined;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

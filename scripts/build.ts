import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isProblem, type Problem } from "./environment/problem.ts";
import { compile } from "./release/compile.ts";
import { targetRuntime } from "./release/runtime.ts";
import { sourceState } from "./release/source-state.ts";
import { binaryName, TARGETS, type Target } from "./release/targets.ts";

const DIST = join(import.meta.dir, "../dist");
const USAGE = "scripts/build takes amd64, arm64 or nothing, which means both";

const say = (line: string) => console.error(line);

async function main(args: readonly string[]): Promise<number> {
  const targets = TARGETS.filter(({ architecture }) => args.length === 0 || args.includes(architecture));
  if (args.some((arg) => !TARGETS.some(({ architecture }) => architecture === arg))) {
    say(USAGE);
    return 2;
  }
  const { commit } = await sourceState();
  await mkdir(DIST, { recursive: true });
  const lines: string[] = [];
  for (const target of targets) {
    const built = await build(target, commit);
    if (isProblem(built)) {
      say(built.problem);
      return 1;
    }
    lines.push(`${built.sum}  ${binaryName(target)}\n`);
    say(`dist/${binaryName(target)}  ${(built.size / 1e6).toFixed(1)} MB`);
  }
  // The form of sha256sum(1).
  await writeFile(join(DIST, "SHA256SUMS"), lines.join(""));
  return 0;
}

async function build(
  target: Target,
  commit: string | undefined,
): Promise<{ readonly sum: string; readonly size: number } | Problem> {
  const runtime = await targetRuntime(target, say);
  if (isProblem(runtime)) return runtime;
  const file = join(DIST, binaryName(target));
  // A binary that runs at this moment cannot be written to, and nobody should start half of one.
  const unfinished = `${file}.unfinished`;
  try {
    const problem = await compile({ target, runtime, outfile: unfinished, commit });
    if (problem !== undefined) return problem;
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
  const content = await readFile(file);
  return { sum: createHash("sha256").update(content).digest("hex"), size: content.byteLength };
}

process.exitCode = await main(process.argv.slice(2));

import { join } from "node:path";
import { checkBinaries } from "./release/check-binaries.ts";
import { binaryName, TARGETS } from "./release/targets.ts";

const ROOT = join(import.meta.dir, "..");
const DIST = join(ROOT, "dist");

const say = (line: string) => console.error(line);

/** Runs one of the project's own scripts; answers its exit code. */
async function run(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([process.execPath, join(ROOT, "scripts", script), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return await child.exited;
}

async function main(): Promise<number> {
  const native = TARGETS.find(({ isNative }) => isNative);
  if (native === undefined) {
    say("The release is checked on Linux, on amd64 or arm64");
    return 1;
  }
  if ((await run("build.ts", [])) !== 0) return 1;
  const problems = await checkBinaries(DIST, say);
  for (const problem of problems) say(`FAILED ${problem}`);
  if (problems.length > 0) return 1;
  say("passed checksums, platforms, sizes, and a second build with the same bytes");
  // The very binary of dist/, also in the image, does the main job.
  return await run("test.ts", ["test/shipping"], { OZ_TEST_WORKER_BIN: join(DIST, binaryName(native)) });
}

process.exitCode = await main();

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isProblem, type Problem } from "../environment/problem.ts";
import { runCommand } from "./run-command.ts";
import type { Target } from "./targets.ts";

const ROOT = join(import.meta.dir, "../..");
/** Not part of the source, and gone with the packages. */
const CACHE = join(ROOT, "node_modules/.cache/oz-agent-worker");

/**
 * The path of the Bun that a target's binary is made of: this very one where it fits, else the one of the npm package
 * that the lock file names, whose checksum must be the lock file's.
 */
export async function targetRuntime(
  target: Target,
  say: (line: string) => void,
  lockFile = join(ROOT, "package-lock.json"),
): Promise<string | Problem> {
  const locked = lockedPackage(await readFile(lockFile, "utf8"), target.runtimePackage);
  if (isProblem(locked)) return locked;
  if (locked.version !== Bun.version) {
    return { problem: `this is Bun ${Bun.version} and the lock file has ${locked.version}: build with scripts/build` };
  }
  if (target.isNative) return process.execPath;
  const folder = join(CACHE, `${target.bunTarget}-${createHash("sha256").update(locked.integrity).digest("hex")}`);
  const runtime = join(folder, "package/bin/bun");
  if (existsSync(runtime)) return runtime;
  say(`Fetching ${target.runtimePackage} ${locked.version} (npm)`);
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, "fetch-"));
  try {
    const problem = await fetchPackage(`${target.runtimePackage}@${locked.version}`, locked.integrity, work);
    if (problem !== undefined) return problem;
    // One build at a time gets the name; another that was as quick has put the same content there.
    await rename(work, folder).catch((error: unknown) => {
      if (!existsSync(runtime)) throw error;
    });
    return runtime;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Version and checksum of a package as package-lock.json (lockfileVersion 2 and 3) has them. */
export function lockedPackage(
  lockFile: string,
  name: string,
): { readonly version: string; readonly integrity: string } | Problem {
  const field = (value: unknown, key: string): unknown =>
    typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  const entry = field(field(JSON.parse(lockFile), "packages"), `node_modules/${name}`);
  const version = field(entry, "version");
  const integrity = field(entry, "integrity");
  if (typeof version !== "string" || typeof integrity !== "string" || !integrity.startsWith("sha512-")) {
    return { problem: `package-lock.json has no version and sha512 checksum of ${name}: run npm install` };
  }
  return { version, integrity };
}

async function fetchPackage(specification: string, integrity: string, folder: string): Promise<Problem | undefined> {
  const packed = await runCommand(["npm", "pack", "--silent", "--pack-destination", folder, specification]);
  if (!packed.ok) return { problem: `npm could not fetch ${specification}: ${packed.reason}` };
  const archive = join(folder, packed.stdout.trim().split("\n").at(-1) ?? "");
  const sum = createHash("sha512")
    .update(await readFile(archive))
    .digest("base64");
  if (`sha512-${sum}` !== integrity)
    return { problem: `${specification} is not what package-lock.json names: checksum` };
  const unpacked = await runCommand(["tar", "-xzf", archive, "-C", folder]);
  await rm(archive);
  return unpacked.ok ? undefined : { problem: `${specification} cannot be unpacked: ${unpacked.reason}` };
}

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

/** Where a runtime is looked up, fetched from and kept. */
export interface RuntimePlaces {
  readonly lockFile?: string;
  /** npm's surroundings, and so its registry. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Holds runtimes whose checksum was compared. */
  readonly cache?: string;
}

/**
 * The path of the Bun that a target's binary is made of. For this machine's platform too it comes from the npm package
 * that the lock file names, whose checksum must be the lock file's: what happens to be installed here proves nothing.
 */
export async function targetRuntime(
  target: Target,
  say: (line: string) => void,
  { lockFile = join(ROOT, "package-lock.json"), env = process.env, cache = CACHE }: RuntimePlaces = {},
): Promise<string | Problem> {
  const locked = lockedPackage(await readFile(lockFile, "utf8"), target.runtimePackage);
  if (isProblem(locked)) return locked;
  if (locked.version !== Bun.version) {
    return { problem: `this is Bun ${Bun.version} and the lock file has ${locked.version}: build with scripts/build` };
  }
  const folder = join(cache, `${target.bunTarget}-${createHash("sha256").update(locked.integrity).digest("hex")}`);
  const runtime = join(folder, "package/bin/bun");
  if (existsSync(runtime)) return runtime;
  say(`Fetching ${target.runtimePackage} ${locked.version} (npm)`);
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, "fetch-"));
  try {
    const problem = await fetchPackage(`${target.runtimePackage}@${locked.version}`, locked.integrity, work, env);
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

async function fetchPackage(
  specification: string,
  integrity: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Problem | undefined> {
  // What npm has fetched before will do: the checksum decides, not where the archive comes from.
  const pack = ["npm", "pack", "--prefer-offline", "--silent", "--pack-destination", folder, specification] as const;
  const packed = await runCommand(pack, { env });
  if (!packed.ok) return { problem: `npm could not fetch ${specification}: ${packed.reason}` };
  const archive = join(folder, packed.stdout.trim().split("\n").at(-1) ?? "");
  const sum = createHash("sha512")
    .update(await readFile(archive))
    .digest("base64");
  if (`sha512-${sum}` !== integrity)
    return { problem: `${specification} as the registry sends it is not what package-lock.json names: checksum` };
  const unpacked = await runCommand(["tar", "-xzf", archive, "-C", folder]);
  await rm(archive);
  return unpacked.ok ? undefined : { problem: `${specification} cannot be unpacked: ${unpacked.reason}` };
}

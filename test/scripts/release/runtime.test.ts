import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isProblem, type Problem } from "../../../scripts/environment/problem.ts";
import { lockedPackage, targetRuntime } from "../../../scripts/release/runtime.ts";
import { TARGETS } from "../../../scripts/release/targets.ts";
import { startPackageRegistry, type Tampering } from "../package-registry.ts";

const ROOT = join(import.meta.dir, "../../..");
const lock = (entry: object) => JSON.stringify({ packages: { "node_modules/@oven/bun-linux-x64": entry } });

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "oz-agent-worker-runtime-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("the lock file has the runtime of every target, in the version that builds", async () => {
  const text = await readFile(join(ROOT, "package-lock.json"), "utf8");
  for (const { runtimePackage } of TARGETS) {
    expect(lockedPackage(text, runtimePackage)).toEqual({
      version: Bun.version,
      integrity: expect.stringMatching(/^sha512-[A-Za-z0-9+/]{86}==$/),
    });
  }
});

describe("a runtime that comes from a registry", () => {
  /** What becomes of each target's runtime where the lock file has the true checksum. */
  const fetchFrom = async (tampering: Tampering) => {
    const outcomes: (string | Problem)[] = [];
    for (const target of TARGETS) {
      const content = (word: string) => [{ path: "bin/bun", content: word }];
      const about = { name: target.runtimePackage, version: Bun.version };
      const package_ = { ...about, files: content("true"), tampered: content("tampered") };
      using registry = startPackageRegistry(package_, tampering);
      const place = await mkdtemp(join(folder, "place-"));
      const lockFile = join(place, "lock.json");
      const entry = { version: Bun.version, integrity: registry.integrity };
      await writeFile(lockFile, JSON.stringify({ packages: { [`node_modules/${target.runtimePackage}`]: entry } }));
      const npm = { npm_config_cache: join(place, "npm"), npm_config_fetch_retries: "0" };
      const env = { ...process.env, ...npm, npm_config_registry: registry.url };
      outcomes.push(await targetRuntime(target, () => {}, { lockFile, env, cache: join(place, "cache") }));
      expect((await readdir(join(place, "cache"))).length).toBe(tampering === "none" ? 1 : 0);
    }
    return outcomes;
  };

  test("is the one of the lock file, for this machine's platform too", async () => {
    for (const runtime of await fetchFrom("none")) {
      if (isProblem(runtime)) throw new Error(runtime.problem);
      expect(await readFile(runtime, "utf8")).toBe("true");
    }
  });

  test.each(["archive", "archive and checksum", "absent"] as const)("or none, where that tampers: %s", async (how) => {
    for (const outcome of await fetchFrom(how)) {
      expect(outcome).toEqual({ problem: expect.stringMatching(/checksum$|^npm could not fetch @oven\//) });
    }
  });
});

test.each([
  ["no entry", JSON.stringify({ packages: {} })],
  ["no packages", "{}"],
  ["no checksum", lock({ version: "1.0.0" })],
  ["a weak checksum", lock({ version: "1.0.0", integrity: "sha1-abc" })],
])("a lock file with %s is a plain problem", (_, text) => {
  expect(lockedPackage(text, "@oven/bun-linux-x64")).toMatchObject({ problem: expect.stringContaining("npm install") });
});

test("another version than this Bun's is refused before anything is fetched", async () => {
  const file = join(folder, "lock.json");
  const entry = { version: "0.0.1", integrity: "sha512-x" };
  await writeFile(
    file,
    JSON.stringify({
      packages: Object.fromEntries(TARGETS.map((one) => [`node_modules/${one.runtimePackage}`, entry])),
    }),
  );
  for (const target of TARGETS) {
    expect(await targetRuntime(target, () => {}, { lockFile: file })).toMatchObject({
      problem: expect.stringContaining("0.0.1"),
    });
  }
});

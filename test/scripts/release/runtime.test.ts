import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockedPackage, targetRuntime } from "../../../scripts/release/runtime.ts";
import { TARGETS } from "../../../scripts/release/targets.ts";

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
    expect(await targetRuntime(target, () => {}, file)).toMatchObject({ problem: expect.stringContaining("0.0.1") });
  }
});

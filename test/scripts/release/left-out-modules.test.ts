import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leftOutName, REACHED, stub } from "../../../scripts/release/left-out-modules.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "oz-agent-worker-left-out-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a program of one line that has the stub of a module as `p`. */
async function run(name: string, source: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const file = join(folder, `${crypto.randomUUID()}.cjs`);
  await writeFile(`${file}.stub.cjs`, stub(name));
  await writeFile(file, `const p = require("${file}.stub.cjs");\n${source}`);
  const child = Bun.spawn([process.execPath, "run", file], { stdout: "pipe", stderr: "pipe", cwd: folder });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

describe("a stub", () => {
  test("can be loaded and read from", async () => {
    expect(await run("a/b", "const { followProgress } = p; console.log(typeof p, typeof followProgress)")).toEqual({
      code: 0,
      stdout: "function function\n",
      stderr: "",
    });
  });
  test.each([
    ["p({})", "a/b"],
    ["new p()", "a/b"],
    ["p.thing()", "a/b.thing"],
    ["new p.thing()", "a/b.thing"],
  ])("says so where it is used: %s", async (use, what) => {
    const { stdout, stderr } = await run("a/b", `try { ${use} } catch (error) { console.log(error.message) }`);
    expect(stdout).toBe(`${what} was called, ${REACHED}\n`);
    expect(stderr).toBe(stdout);
  });
});

test.each([
  ["./ssh", "/x/node_modules/docker-modem/lib/modem.js", "docker-modem/lib/ssh"],
  ["./ssh.js", "/x/node_modules/docker-modem/lib/modem.js", "docker-modem/lib/ssh"],
  ["../lib/session", "/x/node_modules/dockerode/lib/docker.js", "dockerode/lib/session"],
  ["./ssh", "/x/node_modules/other/lib/modem.js", undefined],
  ["./http", "/x/node_modules/docker-modem/lib/modem.js", undefined],
  ["./ssh", "/x/src/docker/endpoint/open-endpoint.ts", undefined],
])("%s from %s", (path, importer, expected) => {
  expect(leftOutName(path, importer)).toBe(expected);
});

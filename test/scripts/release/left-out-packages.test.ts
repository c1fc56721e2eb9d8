import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LEFT_OUT, leaveOut, REACHED } from "../../../scripts/release/left-out-packages.ts";

const ROOT = join(import.meta.dir, "../../..");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "oz-agent-worker-left-out-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Bundles a program of one line with the packages left out, and runs it. */
async function run(source: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const entry = join(folder, `${crypto.randomUUID()}.cjs`);
  await writeFile(entry, source);
  const built = await Bun.build({ entrypoints: [entry], target: "bun", plugins: [leaveOut()] });
  const file = `${entry}.out.js`;
  await writeFile(file, (await built.outputs[0]?.text()) ?? "");
  const child = Bun.spawn([process.execPath, "run", file], { stdout: "pipe", stderr: "pipe", cwd: folder });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

describe.each([...LEFT_OUT])("%s", (name) => {
  test("can be loaded and read from", async () => {
    expect(await run(`const p = require("${name}"); const { Client } = p; console.log(typeof Client)`)).toMatchObject({
      code: 0,
      stdout: "function\n",
      stderr: "",
    });
  });
  test.each(["p.Thing()", "new p.Thing()"])("says so where it is used: %s", async (use) => {
    const { stdout, stderr } = await run(
      `const p = require("${name}"); try { ${use} } catch (error) { console.log(error.message) }`,
    );
    expect(stdout).toBe(`${name}.Thing was called, ${REACHED}\n`);
    expect(stderr).toBe(stdout);
  });
});

test("parts of a package are left out too, and packages with longer names are not", async () => {
  const reach = await run(
    `try { require("protobufjs/minimal").Reader() } catch (error) { console.log(error.message) }`,
  );
  expect(reach.stdout).toContain("protobufjs/minimal.Reader was called");
  await writeFile(join(folder, "ssh2-other.cjs"), "module.exports = 'other';");
  expect((await run(`console.log(require("./ssh2-other.cjs"))`)).stdout).toBe("other\n");
});

test("each of them is what the Docker client really loads", async () => {
  const names = new Set<string>();
  const spy = {
    name: "spy",
    setup(build: Bun.PluginBuilder) {
      build.onResolve({ filter: /^[@a-z]/ }, ({ path }) => {
        names.add(path);
        return undefined;
      });
    },
  };
  const built = await Bun.build({
    entrypoints: [join(ROOT, "node_modules/dockerode/lib/docker.js")],
    target: "bun",
    plugins: [spy, leaveOut()],
  });
  for (const name of LEFT_OUT) expect(names).toContain(name);
  expect(await built.outputs[0]?.text()).toContain(REACHED);
});

import { expect, test } from "bun:test";
import { join } from "node:path";
import { compile } from "../../../scripts/release/compile.ts";
import { LEFT_OUT, leaveOut } from "../../../scripts/release/left-out-modules.ts";
import { TARGETS } from "../../../scripts/release/targets.ts";

const ROOT = join(import.meta.dir, "../../..");

test("the bundle has a stub for each left-out module, and nothing of what they would bring", async () => {
  const built = await Bun.build({
    entrypoints: [join(ROOT, "src/main.ts")],
    target: "bun",
    plugins: [leaveOut()],
    metafile: true,
  });
  const files = Object.keys(built.metafile?.inputs ?? {});
  for (const name of LEFT_OUT) expect(files.filter((file) => file.endsWith(name))).toEqual([`left-out:${name}`]);
  expect(files.some((file) => file.startsWith("node_modules/dockerode/"))).toBe(true);
  const unwanted = /node_modules\/(?:ssh2|cpu-features|@grpc|protobufjs|@protobufjs)\//;
  expect(files.filter((file) => unwanted.test(file))).toEqual([]);
  // Paths of the machine that builds would make builds differ.
  expect(await built.outputs[0]?.text()).not.toContain(`"${ROOT}`);
});

test("a runtime that is none is a plain problem, and leaves nothing", async () => {
  const [target] = TARGETS;
  if (target === undefined) throw new Error("no targets");
  const outfile = join(ROOT, "dist/never");
  const runtime = join(ROOT, "no-such-runtime");
  const result = await compile({ target, runtime, outfile, commit: undefined });
  expect(result?.problem).toStartWith("the binary for linux/amd64 cannot be built: ");
  expect(await Bun.file(outfile).exists()).toBe(false);
});

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { configJsonSchema } from "../src/config/json-schema.ts";
import { buildBinary } from "./release/build-binary.ts";
import { sourceState } from "./release/source-state.ts";
import { binaryName, TARGETS } from "./release/targets.ts";

/** For editors; see `oz-agent-worker config schema`. */
const SCHEMA = "oz-agent-worker.schema.json";
const DIST = join(import.meta.dir, "../dist");

const say = (line: string) => console.error(line);

async function main(args: readonly string[]): Promise<number> {
  const targets = TARGETS.filter(({ architecture }) => args.length === 0 || args.includes(architecture));
  if (args.some((arg) => !TARGETS.some(({ architecture }) => architecture === arg))) {
    say("scripts/build takes amd64, arm64 or nothing, which means both");
    return 2;
  }
  const { commit } = await sourceState();
  await mkdir(DIST, { recursive: true });
  const sums: string[] = [];
  for (const target of targets) {
    const name = binaryName(target);
    const file = join(DIST, name);
    const problem = await buildBinary(target, commit, file, say);
    if (problem !== undefined) {
      say(problem.problem);
      return 1;
    }
    const content = await readFile(file);
    sums.push(`${createHash("sha256").update(content).digest("hex")}  ${name}\n`);
    say(`dist/${name}  ${(content.byteLength / 1e6).toFixed(1)} MB`);
  }
  const schema = `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`;
  await writeFile(join(DIST, SCHEMA), schema);
  sums.push(`${createHash("sha256").update(schema).digest("hex")}  ${SCHEMA}\n`);
  // In the form of sha256sum(1).
  await writeFile(join(DIST, "SHA256SUMS"), sums.join(""));
  return 0;
}

process.exitCode = await main(process.argv.slice(2));

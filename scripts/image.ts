import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { description, license, version } from "../package.json";
import { type ReachedEngine, reachEngine } from "../src/docker/endpoint/reach-engine.ts";
import { systemClock } from "../src/support/clock.ts";
import { createLog } from "../src/support/create-log.ts";
import { isProblem, messageOf, type Problem } from "./environment/problem.ts";
import { buildBinary } from "./release/build-binary.ts";
import { cLibrary } from "./release/c-library.ts";
import { imageArchive } from "./release/image-archive.ts";
import { imageLabels, imageLayers } from "./release/image-content.ts";
import { loadImage } from "./release/load-image.ts";
import { sourceState } from "./release/source-state.ts";
import { TARGETS, type Target } from "./release/targets.ts";

const ROOT = join(import.meta.dir, "..");
const NAME = "oz-agent-worker";

const say = (line: string) => console.error(line);

async function main(args: readonly string[]): Promise<number> {
  if (args.length > 1 || args.some((arg) => !TARGETS.some(({ architecture }) => architecture === arg))) {
    say("scripts/image takes amd64, arm64 or nothing, which means the platform of the Docker daemon");
    return 2;
  }
  const log = createLog({
    level: "warn",
    write: (line) => process.stderr.write(line),
    terminal: false,
    redact: String,
  });
  const engine = await reachEngine({ env: process.env, home: process.env.HOME, log, clock: systemClock });
  if (engine.kind === "failed") {
    say(engine.problem);
    return 1;
  }
  try {
    const own = engine.platform.architecture;
    const target = TARGETS.find(({ architecture }) => architecture === (args[0] ?? own));
    if (target === undefined) throw new Error(`no such platform: ${own}`);
    const problem = await makeImage(target, engine, target.architecture === own ? "dev" : `dev-${target.architecture}`);
    if (problem !== undefined) say(problem.problem);
    return problem === undefined ? 0 : 1;
  } finally {
    await engine.close();
  }
}

async function makeImage(target: Target, engine: ReachedEngine, tag: string): Promise<Problem | undefined> {
  const source = await sourceState();
  const library = await cLibrary(target, say);
  if (isProblem(library)) return library;
  const work = await mkdtemp(join(tmpdir(), "oz-agent-worker-image-"));
  try {
    const file = join(work, "oz-agent-worker");
    const problem = await buildBinary(target, source.commit, file, say);
    if (problem !== undefined) return problem;
    const archive = imageArchive({
      target,
      reference: `${NAME}:${tag}`,
      layers: imageLayers(library, await readFile(file), await readFile(join(ROOT, "LICENSE"))),
      created: source.committed ?? "1970-01-01T00:00:00.000Z",
      labels: imageLabels({ version, description, license }, source),
    });
    const { id, size } = await loadImage(engine.docker, archive, `${NAME}:${tag}`);
    say(`${NAME}:${tag}  ${id.slice(0, 19)}  ${(size / 1e6).toFixed(1)} MB  linux/${target.architecture}`);
    return undefined;
  } catch (thrown) {
    return { problem: `the image cannot be made: ${messageOf(thrown)}` };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));

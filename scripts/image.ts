import { reachEngine } from "../src/docker/endpoint/reach-engine.ts";
import { createEngine } from "../src/docker/engine/engine.ts";
import { accountHome } from "../src/host/account-home.ts";
import { systemClock } from "../src/support/clock.ts";
import { createLog } from "../src/support/create-log.ts";
import { isProblem } from "./environment/problem.ts";
import { makeImage } from "./release/make-image.ts";
import { TARGETS } from "./release/targets.ts";

const NAME = "oz-agent-worker";

const say = (line: string) => console.error(line);

async function main(args: readonly string[]): Promise<number> {
  if (args.length > 1 || args.some((arg) => !TARGETS.some(({ architecture }) => architecture === arg))) {
    say("scripts/image takes amd64, arm64 or nothing, which means the platform of the Docker daemon");
    return 2;
  }
  const write = (line: string) => void process.stderr.write(line);
  const log = createLog({ level: "warn", write, style: { kind: "plain" }, redact: String });
  const reached = await reachEngine({ env: process.env, home: accountHome(process.env), log, clock: systemClock });
  if (reached.kind === "failed") {
    say(reached.problem);
    return 1;
  }
  try {
    const own = reached.platform.architecture;
    const target = TARGETS.find(({ architecture }) => architecture === (args[0] ?? own));
    if (target === undefined) throw new Error(`no such platform: ${own}`);
    // An image that this daemon cannot run does not take the name of the one that it can.
    const reference = `${NAME}:${target.architecture === own ? "dev" : `dev-${target.architecture}`}`;
    const engine = createEngine(reached.docker.modem);
    const image = await makeImage({ target, engine, reference, say });
    if (isProblem(image)) {
      say(image.problem);
      return 1;
    }
    say(`${reference}  ${image.id}  ${(image.size / 1e6).toFixed(1)} MB  linux/${target.architecture}`);
    return 0;
  } finally {
    await reached.close();
  }
}

process.exitCode = await main(process.argv.slice(2));

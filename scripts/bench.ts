import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { agentImage, sidecarImage } from "../test/support/images.ts";
import { BareEngine } from "./benchmark/bare-engine.ts";
import type { BenchContext } from "./benchmark/bench-context.ts";
import { BENCH_USAGE, type BenchOptions, readBenchOptions } from "./benchmark/bench-options.ts";
import { BenchWorker } from "./benchmark/bench-worker.ts";
import { chartOf } from "./benchmark/chart.ts";
import { type Figure, Results, verdictOf } from "./benchmark/figure.ts";
import { describeMachine } from "./benchmark/machine.ts";
import { MEASUREMENTS } from "./benchmark/measurements.ts";
import { machineLine, tableOf } from "./benchmark/table.ts";
import { catchInterruption } from "./environment/interruption.ts";
import { isProblem, messageOf, type Problem } from "./environment/problem.ts";
import { type RunningEnvironment, startEnvironment } from "./environment/start-environment.ts";
import { buildBinary } from "./release/build-binary.ts";
import { sourceState } from "./release/source-state.ts";
import { TARGETS } from "./release/targets.ts";

const say = (line: string) => console.error(line);

async function main(args: readonly string[]): Promise<number> {
  const options = readBenchOptions(args);
  if (isProblem(options)) {
    say(options.problem);
    return 2;
  }
  if (options.help) {
    process.stdout.write(BENCH_USAGE);
    return 0;
  }
  const results = options.from === undefined ? await measureHere(options) : await readResults(options.from);
  if (isProblem(results)) {
    say(results.problem);
    return 1;
  }
  for (const line of tableOf(results.figures)) console.log(line);
  console.log(`\n${results.date}; ${machineLine(results.machine)}`);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  if (options.chart !== undefined) await writeFile(options.chart, chartOf(results));
  return results.figures.some((figure) => verdictOf(figure) === "MISSED") ? 1 : 0;
}

async function readResults(file: string): Promise<Results | Problem> {
  try {
    return v.parse(Results, JSON.parse(await readFile(file, "utf8")));
  } catch (thrown) {
    return { problem: `${file} is not the data of a benchmark: ${messageOf(thrown)}` };
  }
}

async function measureHere(options: BenchOptions): Promise<Results | Problem> {
  const interruption = catchInterruption();
  const environment = await startEnvironment("bench", say);
  if (isProblem(environment)) return environment;
  const stack = new AsyncDisposableStack();
  let results: Results | Problem;
  try {
    results = await measureAll(environment, options, stack, interruption);
  } catch (thrown) {
    results = { problem: interruption.aborted ? "Interrupted; everything of this run is removed" : messageOf(thrown) };
  } finally {
    await stack.disposeAsync();
    for (const failure of await environment.stop()) say(`cannot be removed: ${failure}`);
  }
  return results;
}

async function measureAll(
  environment: RunningEnvironment,
  options: BenchOptions,
  stack: AsyncDisposableStack,
  interruption: AbortSignal,
): Promise<Results | Problem> {
  const binary = options.worker ?? (await compileWorker(environment));
  if (isProblem(binary)) return binary;
  // A home of its own: the user's Docker configuration stays out of it.
  await mkdir(join(environment.folder, "home"));
  const bare = new BareEngine(environment.dockerHost.slice("unix://".length));
  stack.defer(() => bare.close());
  const [agent, sidecar] = [await agentImage(environment), await sidecarImage(environment)];
  const freshWorker: BenchContext["freshWorker"] = async (name) => {
    const started = await BenchWorker.start(environment, bare, [binary], name);
    stack.defer(async () => {
      await started.worker.process[Symbol.asyncDispose]();
      await started.worker.oz.stop();
    });
    return started;
  };
  let shared: Promise<BenchWorker> | undefined;
  const context: BenchContext = {
    environment,
    bare,
    agent,
    sidecar,
    worker() {
      shared ??= freshWorker("worker").then(({ worker }) => worker);
      return shared;
    },
    freshWorker,
    rounds: (usual) => Math.max(1, Math.round(usual * options.rounds)),
    say: (line) => say(`  ${line}`),
    interruption,
  };
  const figures: Figure[] = [];
  for (const { name, measure, isLong } of MEASUREMENTS) {
    const wanted = options.only.length > 0 ? options.only.includes(name) : options.long || !isLong;
    if (!wanted) continue;
    interruption.throwIfAborted();
    say(`Measuring ${name}`);
    figures.push(...(await measure(context)));
  }
  const { commit } = await sourceState();
  return {
    date: new Date().toISOString().slice(0, 10),
    ...(commit === undefined || options.worker !== undefined ? {} : { commit }),
    machine: await describeMachine(environment.docker),
    figures,
  };
}

/** The worker as it is released, of the sources as they are. */
async function compileWorker(environment: RunningEnvironment): Promise<string | Problem> {
  const target = TARGETS.find(({ isNative }) => isNative);
  if (target === undefined) return { problem: "there is no worker for this machine: it takes Linux on amd64 or arm64" };
  say("Compiling the worker");
  const file = join(environment.folder, "oz-agent-worker");
  return (await buildBinary(target, undefined, file, say)) ?? file;
}

process.exitCode = await main(process.argv.slice(2));

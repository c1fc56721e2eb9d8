import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { catchInterruption } from "./environment/interruption.ts";
import { isProblem } from "./environment/problem.ts";
import type { RunningEnvironment } from "./environment/start-environment.ts";
import { planBatches } from "./gate/batches.ts";
import { CHECKS, runCheck } from "./gate/checks.ts";
import { inLane } from "./gate/lane.ts";
import { runOtherLane } from "./gate/other-lane.ts";
import { runBatches } from "./gate/run-batches.ts";
import { runTests } from "./gate/run-tests.ts";
import { parseTestArguments, selectFiles } from "./gate/test-arguments.ts";
import { addVerdicts, NO_TESTS, type TestVerdict } from "./gate/test-verdict.ts";

/** Tests beside each other: most of their time they wait for something. */
const LANES = 3;

const say = (line: string) => console.error(line);

async function main(args: readonly string[]): Promise<number> {
  const interruption = catchInterruption();
  let all = NO_TESTS;
  for (const check of CHECKS) {
    const { passed: ok, output } = await runCheck(check, interruption);
    if (interruption.aborted) return 130;
    if (!ok) say(output);
    say(`${ok ? "passed" : "FAILED"} ${check.name}`);
    all = addVerdicts(all, { passed: ok ? 1 : 0, failed: ok ? 0 : 1, problems: [] });
  }

  const files = (await Array.fromAsync(new Bun.Glob("test/**/*.test.ts").scan("."))).sort();
  const verdict = await inLane(say, interruption, (environment) =>
    args.length === 0 ? runAll(environment, files, interruption) : runPicked(environment, files, args, interruption),
  );
  if (isProblem(verdict)) {
    say(verdict.problem);
    return 1;
  }
  if (interruption.aborted) {
    say("Interrupted; everything of this run is removed");
    return 130;
  }
  for (const problem of verdict.problems) say(`FAILED ${problem}`);
  all = addVerdicts(all, verdict);
  console.log(`${all.passed} passed, ${all.failed} failed`);
  return all.failed === 0 ? 0 : 1;
}

function runPicked(
  environment: RunningEnvironment,
  files: readonly string[],
  args: readonly string[],
  interruption: AbortSignal,
): Promise<TestVerdict> {
  const selection = parseTestArguments(args);
  const expectedFiles = selectFiles(files, selection);
  const set = { args, expectedFiles, pickedByName: selection.pickedByName };
  return runTests(environment, set, "inherit", interruption);
}

/** What measures time first, and then the rest side by side. */
async function runAll(
  environment: RunningEnvironment,
  files: readonly string[],
  interruption: AbortSignal,
): Promise<TestVerdict> {
  const { alone, beside } = planBatches(files);
  const folder = await mkdtemp(join(environment.folder, "taken-"));
  const takenBeside = await mkdtemp(join(environment.folder, "taken-"));
  const measured = await runBatches(environment, alone, folder, say, interruption);
  if (interruption.aborted) return measured;
  const others = Array.from({ length: LANES - 1 }, () => runOtherLane(beside, takenBeside, interruption));
  const own = runBatches(environment, beside, takenBeside, say, interruption);
  return (await Promise.all([own, ...others])).reduce(addVerdicts, measured);
}

process.exitCode = await main(process.argv.slice(2));

import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { objectsOf } from "./environment/engine-objects.ts";
import { catchInterruption } from "./environment/interruption.ts";
import { isProblem } from "./environment/problem.ts";
import { findProcesses, startProcess } from "./environment/processes.ts";
import { type RunningEnvironment, startEnvironment } from "./environment/start-environment.ts";
import { endProcesses } from "./environment/sweep.ts";
import { CHECKS, runCheck } from "./gate/checks.ts";
import { parseJunitReport } from "./gate/junit-report.ts";
import { parseTestArguments, selectFiles } from "./gate/test-arguments.ts";
import { judgeTests, type TestVerdict } from "./gate/test-verdict.ts";

const say = (line: string) => console.error(line);

async function main(args: readonly string[]): Promise<number> {
  const interruption = catchInterruption();
  let passed = 0;
  let failed = 0;
  const count = (verdict: TestVerdict) => {
    passed += verdict.passed;
    failed += verdict.failed;
    for (const problem of verdict.problems) say(`FAILED ${problem}`);
  };

  for (const check of CHECKS) {
    const { passed: ok, output } = await runCheck(check, interruption);
    if (interruption.aborted) return 130;
    if (!ok) say(output);
    say(`${ok ? "passed" : "FAILED"} ${check.name}`);
    count({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, problems: [] });
  }

  const environment = await startEnvironment("test", say);
  if (isProblem(environment)) {
    say(environment.problem);
    return 1;
  }
  try {
    const verdict = await runTests(environment, args, interruption);
    if (!interruption.aborted) {
      count(verdict);
      count(await findLeaks(environment));
    }
  } finally {
    await endProcesses(testMark(environment), 2000);
    const failures = await environment.stop();
    count({ passed: 0, failed: failures.length, problems: failures.map((line) => `cannot be removed: ${line}`) });
  }
  if (interruption.aborted) {
    say("Interrupted; everything of this run is removed");
    return 130;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function runTests(
  environment: RunningEnvironment,
  args: readonly string[],
  interruption: AbortSignal,
): Promise<TestVerdict> {
  if (interruption.aborted) return { passed: 0, failed: 0, problems: [] };
  const reportFile = join(environment.folder, "report.xml");
  await mkdir(temporaryFolder(environment));
  const files = (await Array.fromAsync(new Bun.Glob("test/**/*.test.ts").scan("."))).sort();
  const bunTest = await startProcess(
    [
      process.execPath,
      "test",
      "--isolate",
      "--timeout=60000",
      "--reporter=junit",
      `--reporter-outfile=${reportFile}`,
      // Nobody watches a log file grow; what is in it should matter.
      ...(process.stderr.isTTY ? [] : ["--only-failures"]),
      ...args,
    ],
    { output: "inherit", env: testEnv(environment) },
  );
  const interrupt = () => void bunTest.stop(2000);
  interruption.addEventListener("abort", interrupt, { once: true });
  const exitCode = await bunTest.exited;
  const selection = parseTestArguments(args);
  return judgeTests({
    report: parseJunitReport(await readFile(reportFile, "utf8").catch(() => "")),
    exitCode,
    expectedFiles: selectFiles(files, selection),
    pickedByName: selection.pickedByName,
  });
}

/** Tests see the machine's environment without what would lead them to other daemons, proxies or accounts. */
function testEnv(environment: RunningEnvironment): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(DOCKER_|WARP_|https?_proxy$|all_proxy$)/i.test(name)) env[name] = value;
  }
  return {
    ...env,
    TMPDIR: temporaryFolder(environment),
    OZ_TEST_RUN: environment.run,
    OZ_TEST_DOCKER_HOST: environment.dockerHost,
    OZ_TEST_REGISTRY: environment.registry,
    OZ_TEST_BUSYBOX: environment.busybox,
  };
}

/** Where tests keep their temporary files: what a broken-off test leaves goes with the run. */
function temporaryFolder(environment: RunningEnvironment): string {
  return join(environment.folder, "tmp");
}

/** Everything that a test starts inherits this variable. */
function testMark(environment: RunningEnvironment): string {
  return `OZ_TEST_RUN=${environment.run}`;
}

/** Nothing of the tests may be left, but for what the worker keeps on purpose. */
async function findLeaks(environment: RunningEnvironment): Promise<TestVerdict> {
  const objects = await objectsOf(environment.docker, environment.run);
  const files = await readdir(temporaryFolder(environment));
  const problems = [
    ...files.map((name) => `left behind: temporary file ${name}`),
    ...objects.filter(({ kept }) => !kept).map(({ kind, name }) => `left behind: ${kind} ${name}`),
    ...findProcesses(testMark(environment)).map(({ pid, command }) => `left behind: process ${pid} ${command}`),
  ];
  if (problems.length === 0) say("passed nothing left behind");
  return { passed: problems.length === 0 ? 1 : 0, failed: problems.length === 0 ? 0 : 1, problems };
}

process.exitCode = await main(process.argv.slice(2));

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type OutputTarget, startProcess } from "../environment/processes.ts";
import type { RunningEnvironment } from "../environment/start-environment.ts";
import { parseJunitReport } from "./junit-report.ts";
import { judgeTests, NO_TESTS, type TestVerdict } from "./test-verdict.ts";

/** What one `bun test` is to run. */
export interface TestSet {
  /** As `bun test` takes them: paths, parts of paths, options. */
  readonly args: readonly string[];
  readonly expectedFiles: readonly string[];
  readonly pickedByName: boolean;
  /** The folder that paths start from; this project's unless given. */
  readonly root?: string | undefined;
}

/** Runs tests against an environment and judges them; an interruption ends them, and counts as nothing. */
export async function runTests(
  environment: RunningEnvironment,
  { args, expectedFiles, pickedByName, root }: TestSet,
  output: OutputTarget,
  interruption: AbortSignal,
): Promise<TestVerdict> {
  if (interruption.aborted) return NO_TESTS;
  const reportFile = join(environment.folder, `report-${crypto.randomUUID()}.xml`);
  await mkdir(temporaryFolder(environment), { recursive: true });
  const bunTest = await startProcess(
    [
      process.execPath,
      "test",
      "--isolate",
      "--timeout=60000",
      "--reporter=junit",
      `--reporter-outfile=${reportFile}`,
      // Nobody watches a log file grow; what is in it should matter.
      ...(output === "inherit" && process.stderr.isTTY ? [] : ["--only-failures"]),
      ...args,
    ],
    { output, env: testEnv(environment), ...(root === undefined ? {} : { cwd: root }) },
  );
  const interrupt = () => void bunTest.stop(2000);
  interruption.addEventListener("abort", interrupt, { once: true });
  const exitCode = await bunTest.exited;
  interruption.removeEventListener("abort", interrupt);
  return judgeTests({
    report: parseJunitReport(await readFile(reportFile, "utf8").catch(() => "")),
    exitCode,
    expectedFiles,
    pickedByName,
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
export function temporaryFolder(environment: RunningEnvironment): string {
  return join(environment.folder, "tmp");
}

/** Everything that a test starts inherits this variable. */
export function testMark(environment: RunningEnvironment): string {
  return `OZ_TEST_RUN=${environment.run}`;
}

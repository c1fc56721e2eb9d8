import { readdir } from "node:fs/promises";
import { bridgeName, bridgesOf } from "../environment/bridges.ts";
import { objectsOf } from "../environment/engine-objects.ts";
import { isProblem, type Problem } from "../environment/problem.ts";
import { findProcesses } from "../environment/processes.ts";
import { type RunningEnvironment, startEnvironment } from "../environment/start-environment.ts";
import { endProcesses, removeBridges } from "../environment/sweep.ts";
import { temporaryFolder, testMark } from "./run-tests.ts";
import { addVerdicts, NO_TESTS, type TestVerdict } from "./test-verdict.ts";

/** Gives `use` a daemon and a registry of its own, looks for what it has left there, and clears all of it away. */
export async function inLane(
  say: (line: string) => void,
  interruption: AbortSignal,
  use: (environment: RunningEnvironment) => Promise<TestVerdict>,
): Promise<TestVerdict | Problem> {
  const environment = await startEnvironment("test", say);
  if (isProblem(environment)) return environment;
  let verdict = NO_TESTS;
  try {
    verdict = await use(environment);
    if (!interruption.aborted) verdict = addVerdicts(verdict, await findLeaks(environment, say));
  } finally {
    await endProcesses(testMark(environment), 2000);
    const failures = await environment.stop();
    await removeBridges(environment.run);
    const problems = failures.map((line) => `cannot be removed: ${line}`);
    verdict = addVerdicts(verdict, { passed: 0, failed: failures.length, problems });
  }
  return verdict;
}

/** Nothing of the tests may be left, but for what the worker keeps on purpose. */
async function findLeaks(environment: RunningEnvironment, say: (line: string) => void): Promise<TestVerdict> {
  const objects = await objectsOf(environment.docker, environment.run);
  const files = await readdir(temporaryFolder(environment)).catch(() => []);
  const problems = [
    ...files.map((name) => `left behind: temporary file ${name}`),
    ...objects.filter(({ kept }) => !kept).map(({ kind, name }) => `left behind: ${kind} ${name}`),
    ...bridgesOf(environment.run)
      .filter((name) => name !== bridgeName(environment.run))
      .map((name) => `left behind: network interface ${name}`),
    ...findProcesses(testMark(environment)).map(({ pid, command }) => `left behind: process ${pid} ${command}`),
  ];
  if (problems.length === 0) say("passed nothing left behind");
  return { passed: problems.length === 0 ? 1 : 0, failed: problems.length === 0 ? 0 : 1, problems };
}

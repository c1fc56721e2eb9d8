import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunningEnvironment } from "../environment/start-environment.ts";
import type { Batch } from "./batches.ts";
import { runTests, type TestSet } from "./run-tests.ts";
import { addVerdicts, NO_TESTS, type TestVerdict } from "./test-verdict.ts";

/**
 * Runs those of the batches that nobody else has taken. Lanes that are given the same folder share them out: who makes a
 * batch's folder in it has taken it.
 */
export async function runBatches(
  environment: RunningEnvironment,
  batches: readonly Batch[],
  taken: string,
  say: (line: string) => void,
  interruption: AbortSignal,
  root?: string,
): Promise<TestVerdict> {
  let all = NO_TESTS;
  for (const [number, { name, files }] of batches.entries()) {
    if (interruption.aborted) return all;
    if (!(await take(join(taken, String(number))))) continue;
    const file = join(environment.folder, "output");
    await Bun.write(file, "");
    const begun = performance.now();
    const set: TestSet = { args: files.map((path) => `./${path}`), expectedFiles: files, pickedByName: false, root };
    const verdict = await runTests(environment, set, { file }, interruption);
    if (interruption.aborted) return all;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const failures = verdict.failed === 0 ? "" : `, ${verdict.failed} failed`;
    if (verdict.failed > 0) say(await readFile(file, "utf8"));
    say(`${verdict.failed === 0 ? "passed" : "FAILED"} ${name}: ${verdict.passed} passed${failures} in ${seconds} s`);
    all = addVerdicts(all, verdict);
  }
  return all;
}

async function take(folder: string): Promise<boolean> {
  return mkdir(folder).then(
    () => true,
    () => false,
  );
}

import type { JunitReport } from "./junit-report.ts";

/** What is known of a finished `bun test`. */
export interface TestEvidence {
  /** Undefined where none was written: the run broke off. */
  readonly report: JunitReport | undefined;
  readonly exitCode: number;
  /** Test files that must have run. */
  readonly expectedFiles: readonly string[];
  /** True where `-t` picked tests by name: those left out appear as skipped. */
  readonly pickedByName: boolean;
}

/** Counts for the last line, and why it is not what the exit code alone would say. */
export interface TestVerdict {
  readonly passed: number;
  readonly failed: number;
  readonly problems: readonly string[];
}

/** The verdict on nothing. */
export const NO_TESTS: TestVerdict = { passed: 0, failed: 0, problems: [] };

/** Both together. */
export function addVerdicts(a: TestVerdict, b: TestVerdict): TestVerdict {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, problems: [...a.problems, ...b.problems] };
}

/**
 * Counts a finished run without trusting its exit code: a `process.exit(0)` inside a test ends it green, a file that
 * cannot be loaded is missing from the report, a skipped test proves nothing.
 */
export function judgeTests(evidence: TestEvidence): TestVerdict {
  const { report, exitCode, expectedFiles, pickedByName } = evidence;
  if (report === undefined) {
    return { passed: 0, failed: 1, problems: [`bun test broke off (exit code ${exitCode}) and left no report`] };
  }
  const problems: string[] = [];
  const missing = expectedFiles.filter((file) => !report.files.includes(file));
  if (!pickedByName) problems.push(...missing.map((file) => `${file} did not run to its end`));
  if (report.skipped > 0 && !pickedByName) problems.push(`${report.skipped} skipped: a skipped test proves nothing`);
  const ran = report.tests - report.skipped;
  if (ran === 0) problems.push("no test ran");
  const passed = ran - report.failures;
  const failed =
    report.failures +
    (pickedByName ? 0 : missing.length + report.skipped) +
    (ran === 0 && missing.length === 0 ? 1 : 0);
  if (failed === 0 && exitCode !== 0) {
    return { passed, failed: 1, problems: [...problems, `bun test ended with exit code ${exitCode}`] };
  }
  return { passed, failed, problems };
}

import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JunitReport, parseJunitReport } from "../../scripts/gate/junit-report.ts";
import { parseTestArguments, selectFiles } from "../../scripts/gate/test-arguments.ts";
import { judgeTests, type TestEvidence } from "../../scripts/gate/test-verdict.ts";

/** Runs `bun test` over the given files and judges it as the gate does. */
async function judge(files: Readonly<Record<string, string>>, pickedByName = false) {
  const folder = await mkdtemp(join(tmpdir(), "gate-"));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const reportFile = join(folder, "report.xml");
    const child = Bun.spawn(
      [process.execPath, "test", "--isolate", "--reporter=junit", `--reporter-outfile=${reportFile}`],
      { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "ignore" },
    );
    const exitCode = await child.exited;
    const report = (await Bun.file(reportFile).exists())
      ? parseJunitReport(await Bun.file(reportFile).text())
      : undefined;
    return judgeTests({ report, exitCode, expectedFiles: Object.keys(files), pickedByName });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const head = `import { test, expect, describe } from "bun:test";\n`;
const good = `${head}test("a", () => { expect(1).toBe(1); });\n`;

describe("judgeTests, of what bun test really leaves", () => {
  test("counts what passed and what failed, in groups too", async () => {
    const mixed = `${head}describe("g", () => { test("a", () => {}); test("b <&>", () => { expect(1).toBe(2); }); });\n`;
    expect(await judge({ "a.test.ts": good, "b.test.ts": mixed })).toEqual({ passed: 2, failed: 1, problems: [] });
  });

  test("a test that ends the process with 0 is a failure", async () => {
    const verdict = await judge({ "a.test.ts": good, "b.test.ts": `${head}test("b", () => process.exit(0));\n` });
    expect(verdict.failed).toBeGreaterThan(0);
  });

  test("a file that cannot be loaded is a failure, named", async () => {
    const verdict = await judge({ "a.test.ts": good, "b.test.ts": `import "./missing.ts";\n${good}` });
    expect(verdict).toEqual({ passed: 1, failed: 1, problems: ["b.test.ts did not run to its end"] });
  });

  test("a file without any test is a failure", async () => {
    expect((await judge({ "a.test.ts": good, "b.test.ts": "export {};\n" })).failed).toBe(1);
  });

  test("a skipped test is a failure", async () => {
    const verdict = await judge({ "a.test.ts": `${good}test.skip("s", () => {});\n` });
    expect(verdict).toMatchObject({ passed: 1, failed: 1 });
  });

  test("no test at all is a failure", async () => {
    expect((await judge({})).failed).toBeGreaterThan(0);
  });
});

describe("judgeTests", () => {
  const report: JunitReport = { tests: 3, failures: 0, skipped: 0, files: ["a.test.ts"] };
  const evidence: TestEvidence = { report, exitCode: 0, expectedFiles: ["a.test.ts"], pickedByName: false };

  test("a bad exit code without a failed test counts as one", () => {
    expect(judgeTests({ ...evidence, exitCode: 1 })).toMatchObject({ passed: 3, failed: 1 });
  });

  test("tests that a name left out are no failure, but one must have run", () => {
    const picked = { ...evidence, pickedByName: true };
    expect(judgeTests({ ...picked, report: { ...report, skipped: 2 } })).toMatchObject({ passed: 1, failed: 0 });
    expect(judgeTests({ ...picked, report: { ...report, skipped: 3 } })).toMatchObject({ passed: 0, failed: 1 });
  });
});

test.each(["", "<testsuites", `<testsuites name="bun test" tests="1"`, "<html></html>"])("%p is no report", (text) => {
  expect(parseJunitReport(text)).toBeUndefined();
});

test.each([
  [[], [], false],
  [["test/task", "./test/docker"], ["test/task", "test/docker"], false],
  [["-t", "some name", "run"], ["run"], true],
  [["--test-name-pattern=x", "--timeout", "5"], [], true],
] as const)("arguments %p pick %p", (args, filters, pickedByName) => {
  expect(parseTestArguments(args)).toEqual({ filters: [...filters], pickedByName });
});

test("selectFiles keeps what a filter names", () => {
  const files = ["test/a/x.test.ts", "test/b/y.test.ts"];
  expect(selectFiles(files, { filters: ["test/a"], pickedByName: false })).toEqual(["test/a/x.test.ts"]);
  expect(selectFiles(files, { filters: [], pickedByName: false })).toEqual(files);
});

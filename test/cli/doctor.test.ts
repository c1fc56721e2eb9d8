import { expect, test } from "bun:test";
import { runCommandLine } from "../../src/cli/run-command-line.ts";
import type { ExaminationRequest } from "../../src/doctor/examination-request.ts";
import { type Finding, fail, ok } from "../../src/doctor/finding.ts";

async function doctor(findings: readonly Finding[], ...argv: string[]) {
  let [stdout, stderr] = ["", ""];
  const requests: ExaminationRequest[] = [];
  const code = await runCommandLine(["doctor", ...argv], {
    env: {},
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    dockerSocket: () => undefined,
    openTaskView: async () => ({ kind: "failed", problem: "" }),
    examine: async (request) => {
      requests.push(request);
      return findings;
    },
    interrupted: () => new AbortController().signal,
    confirm: async () => undefined,
    startWorker: async () => {
      throw new Error("doctor starts no worker");
    },
  });
  return { code, stdout, stderr, requests };
}

test("it takes the worker's flags, and tells what was found", async () => {
  const ran = await doctor([ok("dns", "good")], "--worker-id", "w", "-e", "A=b", "--task", "a:1", "--no-cleanup");
  expect(ran).toMatchObject({ code: 0, stdout: "ok    dns        good\n", stderr: "" });
  expect(ran.requests).toMatchObject([
    { task: "a:1", given: { "worker-id": ["w"], env: ["A=b"], cleanup: ["false"] } },
  ]);
  expect(ran.requests[0]?.given).not.toHaveProperty("task");
});

test("what failed is exit code 1, in JSON too", async () => {
  const ran = await doctor([ok("a", "good"), fail("b", "bad", "mend it")], "--json");
  expect(ran.code).toBe(1);
  expect(JSON.parse(ran.stdout)).toEqual([
    { check: "a", status: "ok", said: "good", mend: null },
    { check: "b", status: "fail", said: "bad", mend: "mend it" },
  ]);
});

test.each([
  [["--bogus"], "unknown flag --bogus; see oz-agent-worker doctor --help for the flags"],
  [["--tsk", "x"], "unknown flag --tsk; did you mean --task?"],
  [["x"], "argument 1 belongs to no flag (see oz-agent-worker doctor --help); a value with spaces needs quotes"],
  [["--task="], "--task: is blank; it takes the name of an image, such as ubuntu:22.04"],
  [["--version"], "unknown flag --version; see oz-agent-worker doctor --help for the flags"],
])("bad flags are exit code 2, and nothing is looked at: %j", async (argv, line) => {
  expect(await doctor([], ...argv)).toMatchObject({ code: 2, stdout: "", stderr: `${line}\n`, requests: [] });
});

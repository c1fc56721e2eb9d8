import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FAILURE_REASONS } from "../../src/protocol/failure-reason.ts";
import { createRedactor } from "../../src/support/redaction.ts";
import type { ExecutionResult } from "../../src/task/execution-result.ts";
import { FAILURE_PREFIX, terminalMessage, toOutcome } from "../../src/task/task-outcome.ts";

const redact = createRedactor(["hunter2-secret"]);
const messageOf = (result: ExecutionResult) =>
  terminalMessage({ taskId: "t-1", executionId: "" }, toOutcome(result, redact));
const exited = (exitCode: number, oomKilled = false): ExecutionResult => ({ kind: "exited", exitCode, oomKilled });

function failureText(result: ExecutionResult): string {
  const outcome = toOutcome(result, redact);
  if (outcome.kind !== "failed") throw new Error(outcome.kind);
  return outcome.message;
}

describe("toOutcome and terminalMessage", () => {
  test.each([exited(0), exited(0, true)])("%j is completed", (result) => {
    expect(messageOf(result)).toEqual({
      type: "task_completed",
      data: { task_id: "t-1", message: "Task completed successfully" },
    });
  });

  const cancelled: readonly ExecutionResult[] = [
    { kind: "stopped", cause: "cancelled" },
    { kind: "stopped", cause: "cancelled", exitCode: 143 },
    { kind: "stopped", cause: "cancelled", exitCode: 0 },
  ];
  test.each(cancelled.map((result) => [result]))("%j is cancelled", (result) => {
    expect(messageOf(result)).toEqual({
      type: "task_completed",
      data: { task_id: "t-1", message: "Task cancelled by user request.", task_state: "CANCELLED" },
    });
  });

  const failures: readonly [ExecutionResult, object][] = [
    [exited(9), { failure_reason: "container_exit", exit_code: 9 }],
    [exited(1, true), { failure_reason: "container_exit", exit_code: 1 }],
    [exited(137), { failure_reason: "container_exit", exit_code: 137 }],
    [exited(137, true), { failure_reason: "container_oom", exit_code: 137 }],
    [{ kind: "stopped", cause: "shutdown" }, { failure_reason: "graceful_shutdown" }],
    [
      { kind: "stopped", cause: "shutdown", exitCode: 143 },
      { failure_reason: "graceful_shutdown", exit_code: 143 },
    ],
    [
      { kind: "stopped", cause: "shutdown", exitCode: 0 },
      { failure_reason: "graceful_shutdown", exit_code: 0 },
    ],
    [
      { kind: "stopped", cause: "timeout", exitCode: 137 },
      { failure_reason: "task_timeout", exit_code: 137 },
    ],
    [{ kind: "stopped", cause: "timeout" }, { failure_reason: "task_timeout" }],
    [
      { kind: "failed", reason: "container_wait", detail: "gone", exitCode: 2 },
      { failure_reason: "container_wait", exit_code: 2 },
    ],
    ...FAILURE_REASONS.map((reason): [ExecutionResult, object] => [
      { kind: "failed", reason, detail: "image a:1 is not there" },
      { failure_reason: reason, message: "Failed to execute task: image a:1 is not there" },
    ]),
  ];
  test.each(failures)("%j is failed as %j", (result, expected) => {
    const message = messageOf(result);
    const data = { task_id: "t-1", message: expect.stringMatching(/^Failed to execute task: \S/), ...expected };
    expect<unknown>(message).toEqual({ type: "task_failed", data });
  });

  test.each([
    [exited(9), "code 9"],
    [exited(126), "not executable"],
    [exited(127), "not found"],
    [exited(130), "SIGINT"],
    [exited(137), "killed by SIGKILL"],
    [exited(137, true), "ran out of memory"],
    [exited(1, true), "one of its processes was killed because memory ran out"],
    [exited(143), "ended by SIGTERM"],
    [{ kind: "stopped", cause: "shutdown" } as const, "the worker was shut down"],
    [{ kind: "stopped", cause: "timeout" } as const, "took longer than it may"],
  ])("%j says %j", (result, words) => {
    expect(failureText(result)).toContain(words);
  });

  const details: readonly [string, string][] = [
    ["pull of a:1 failed", "pull of a:1 failed"],
    [`${FAILURE_PREFIX}pull of a:1 failed`, "pull of a:1 failed"],
    ["two\nlines\r\n\tof text \n", "two lines of text"],
    ["\x1b[31mred", "\\u001b[31mred"],
    ["login with hunter2-secret denied", "login with [redacted] denied"],
    [Buffer.from("hunter2-secret").toString("base64"), "[redacted]"],
    ["", "the image could not be pulled"],
    [" \n", "the image could not be pulled"],
    [FAILURE_PREFIX, "the image could not be pulled"],
  ];
  test.each(details)("the detail %j becomes %j", (detail, expected) => {
    expect(failureText({ kind: "failed", reason: "image_pull", detail })).toBe(`${FAILURE_PREFIX}${expected}`);
  });

  test("a long detail is shortened, after it was scrubbed", () => {
    const detail = `${"x".repeat(1_970)}hunter2-secret${"y".repeat(10_000)}`;
    const text = failureText({ kind: "failed", reason: "unknown", detail });
    expect(text.length).toBeLessThanOrEqual(2_001);
    expect(text).not.toContain("hunter");
    expect(text.endsWith("…")).toBe(true);
  });

  test("a detail of random bytes becomes one bounded line without a control character", () => {
    const units = fc.array(fc.nat(0xffff), { maxLength: 60 }).map((codes) => String.fromCharCode(...codes));
    const bytes = fc.uint8Array({ maxLength: 5_000 });
    const utf8 = bytes.map((part) => Buffer.from(part).toString("utf8"));
    const latin = bytes.map((part) => Buffer.from(part).toString("latin1"));
    const reason = fc.constantFrom(...FAILURE_REASONS);
    fc.assert(
      fc.property(reason, fc.oneof(units, utf8, latin), (why, detail) => {
        const text = failureText({ kind: "failed", reason: why, detail });
        expect(text).toStartWith(FAILURE_PREFIX);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
        expect(text.length).toBeLessThanOrEqual(2_001);
      }),
      { numRuns: 300 },
    );
  });
});

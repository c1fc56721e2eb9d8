import { expect, test } from "bun:test";
import { judgeClock } from "../../src/doctor/check-clock.ts";
import { judgeDisk } from "../../src/doctor/check-disk.ts";
import { judgeDns } from "../../src/doctor/check-dns.ts";
import { judgeLogs } from "../../src/doctor/check-logs.ts";
import { judgeTask } from "../../src/doctor/check-task.ts";
import { type Finding, fail, fromReason, ok, skip, warn } from "../../src/doctor/finding.ts";
import { limited } from "../../src/doctor/limited.ts";
import { findingsAsJson, findingsAsText, isFit } from "../../src/doctor/show-findings.ts";
import { systemClock } from "../../src/support/clock.ts";

const GIB = 2 ** 30;
const line = (found: Finding) => findingsAsText([found]).trimEnd();

test("a disk that is nearly full, getting full, well, and out of sight", () => {
  const judged = (free: number, total: number) => line(judgeDisk("/data", { free: free * GIB, total: total * GIB }));
  expect(judged(4.9, 40)).toBe(
    "FAIL  disk       nearly full: 4.9 GiB of 40 GiB free (12 %) at /data; " +
      "mend: make room (docker system df, docker image prune), or move the daemon's data-root",
  );
  expect(judged(9, 100)).toStartWith("warn  disk       getting full: 9.0 GiB of 100 GiB free (9 %) at /data; mend: ");
  expect(judged(5, 50)).toBe("ok    disk       5.0 GiB of 50 GiB free (10 %) at /data");
  expect(line(judgeDisk("/data", undefined))).toStartWith("ok    disk       /data cannot be seen from here");
});

test("a clock is judged by whole seconds that were told some time between question and answer", () => {
  const date = "Fri, 27 Nov 2026 01:00:00 GMT";
  const told = Date.parse(date);
  const judged = (askedAt: number, answeredAt: number) =>
    judgeClock({ date, askedAt: told + askedAt, answeredAt: told + answeredAt });
  expect(judged(0, 900)).toMatchObject({ status: "ok", said: "agrees with Oz's" });
  expect(judged(-4_000, 4_000)).toMatchObject({ status: "ok", said: "agrees with Oz's" });
  expect(judged(61_000, 61_500)).toMatchObject({ status: "ok", said: "60 s off Oz's" });
  expect(judged(61_001, 61_500)).toMatchObject({ status: "fail" });
  expect(judged(-61_000, -60_001)).toMatchObject({ status: "fail" });
  expect(judgeClock({ date: null, askedAt: 0, answeredAt: 0 })).toMatchObject({ status: "skip" });
});

test("a log driver whose cache is off, on, or not to be seen", () => {
  expect(judgeLogs({ driver: "syslog", isCacheDisabled: true })).toMatchObject({ status: "warn" });
  expect(judgeLogs({ driver: "fluentd", isCacheDisabled: false })).toMatchObject({ status: "ok" });
  expect(judgeLogs({ driver: "fluentd" }).said).toEndWith("unless cache-disabled is set there");
  expect(judgeLogs({ driver: "journald" })).toMatchObject({ status: "ok" });
});

test("a name that only the proxy needs to resolve is no failure", () => {
  expect(judgeDns("oz", true, { code: "ENOTFOUND" })).toMatchObject({ status: "warn" });
  expect(judgeDns("oz", false, { code: "EAI_AGAIN" })).toMatchObject({ status: "fail" });
  expect(judgeDns("oz", false, { addresses: ["1", "2", "3", "4"] }).said).toBe("oz is 1, 2, 3 and 1 more");
});

test("a trial says how long each step took, and where it failed", () => {
  const steps = [{ name: "pull", tookMs: 1_234 } as const];
  expect(judgeTask("a:1", { ok: true, steps, areLogsReadable: true }).map(line)).toEqual([
    'ok    task       "a:1" runs here: pull 1.2 s; nothing of it is left',
  ]);
  expect(judgeTask("a:1", { ok: true, steps, areLogsReadable: false }).map(({ status }) => status)).toEqual([
    "ok",
    "warn",
  ]);
  const failed = judgeTask("a:1", { ok: false, steps, at: "create", problem: "no room; make some" });
  expect(failed.map(line)).toEqual(['FAIL  task       "a:1": create failed: no room (pull 1.2 s); mend: make some']);
});

test("a line of another room is split; its evidence belongs to the why", () => {
  expect(fromReason("x", "fail", "it is so; do this (ECODE)")).toEqual(fail("x", "it is so (ECODE)", "do this"));
  expect(fromReason("x", "warn", 'no; do this, or that (it says "a; b")')).toEqual(
    warn("x", 'no (it says "a; b")', "do this, or that"),
  );
  expect(fromReason("x", "warn", "it is so")).toEqual(warn("x", "it is so"));
});

test("JSON: a list of objects with four fields each", () => {
  const findings = [
    ok("a", "good"),
    warn("b", "so so", "do"),
    fail("c", "bad\u001b", "do"),
    skip("d", "not looked at"),
  ];
  expect(JSON.parse(findingsAsJson(findings))).toEqual([
    { check: "a", status: "ok", said: "good", mend: null },
    { check: "b", status: "warn", said: "so so", mend: "do" },
    { check: "c", status: "fail", said: "bad\u001b", mend: "do" },
    { check: "d", status: "skip", said: "not looked at", mend: null },
  ]);
  expect(findingsAsText(findings)).toContain("FAIL  c          bad\\u001b; mend: do\n");
  expect([isFit(findings), isFit([ok("a", ""), warn("b", ""), skip("c", "")])]).toEqual([false, true]);
});

test("a check that hangs, and one that breaks off, are findings", async () => {
  const base = { clock: systemClock, check: "x", waitsFor: "the thing", limitMs: 400 };
  expect(await limited(base, () => new Promise(() => {}))).toEqual([
    fail(
      "x",
      "no answer of the thing within 0.4 s: the check hangs",
      expect.stringContaining("see whether the thing hangs"),
    ),
  ]);
  expect(await limited(base, () => Promise.reject(new Error("no")))).toEqual([fail("x", "the check broke off: no")]);
});

import { expect, test } from "bun:test";
import type { PullFailure, PullFailureKind } from "../../../src/docker/images/pull-failure.ts";
import { createPullNotice } from "../../../src/docker/images/pull-notice.ts";
import { PULL_RETRIES, type PullRetries, SILENCE_RETRIES, tryPulls } from "../../../src/docker/images/pull-retries.ts";
import { parseImageReference } from "../../../src/docker/registry/image-reference.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordedLog } from "../../support/recorded-log.ts";

/** The delays before the tries that follow, where every try fails like that and takes so long at the registry. */
async function delaysOf(retries: PullRetries, failure: PullFailure, tookMs = 0): Promise<readonly number[]> {
  const reference = parseImageReference("x");
  if (reference.kind === "invalid") throw new Error(reference.reason);
  const clock = new ManualClock();
  const log = recordedLog();
  const watch = { away: () => undefined };
  const notice = createPullNotice({ watch, clock, log }, reference);
  const { signal } = new AbortController();
  const failureOf = (one: PullFailure) => one;
  let isOver = false;
  const over = tryPulls(retries, { clock, notice, signal, failureOf }, () =>
    notice.asking(async () => {
      clock.advance(tookMs);
      return failure;
    }),
  );
  void over.then(() => {
    isOver = true;
  });
  for (let turns = 0; turns < 100 && !isOver; turns += 1) {
    await Bun.sleep(0);
    const [next] = clock.pending();
    if (next !== undefined) clock.advance(next);
  }
  notice.end();
  return log.lines.flatMap(({ level, fields }) => (level === "warn" ? [Number(fields.delaySeconds) * 1000] : []));
}

test.each<[PullFailureKind, string, readonly number[]]>([
  ["unreachable", "unexpected EOF", [1000, 3000, 6000]],
  ["damaged", "verification failed", [1000, 3000, 6000]],
  ["removed", "gone", [1000, 3000, 6000]],
  ["denied", "denied", []],
  ["not-found", "not found", []],
  ["platform", "platform", []],
  ["certificate", "x509", []],
  ["disk-full", "full", []],
  ["daemon", "mount", []],
  ["silent", "no progress", []],
  ["limited", "toomanyrequests: slow down", [20_000]],
  ["limited", "toomanyrequests: retry-after: 312.6µs, allowed: 44000/minute", [1000]],
  ["limited", "toomanyrequests: retry-after: 4.5s", [4500]],
  ["limited", "429 Too Many Requests, Retry-After: 30", [30_000]],
  ["limited", "Retry after 1m", [60_000]],
  ["limited", "Retry-After: 3600", []],
])("%s (%s) is tried again after %p ms", async (kind, said, delays) => {
  expect(await delaysOf(PULL_RETRIES, { ok: false, kind, said })).toEqual(delays);
});

test("a denial that is no registry's takes as long as no answer", async () => {
  const failure = { ok: false, kind: "denied", said: "", isForeign: true } as const;
  expect(await delaysOf(PULL_RETRIES, failure)).toEqual([1000, 3000, 6000]);
});

test("a registry that falls silent is asked once more, and whatever else failed is not its affair", async () => {
  const silent = { ok: false, kind: "silent", said: "" } as const;
  expect(await delaysOf(SILENCE_RETRIES, silent, 120_000)).toEqual([1000]);
  expect(await delaysOf(SILENCE_RETRIES, { ...silent, kind: "unreachable" })).toEqual([]);
});

test("no try follows once a registry was asked for 160 s in all", async () => {
  const failure = { ok: false, kind: "unreachable", said: "" } as const;
  expect(await delaysOf(PULL_RETRIES, failure, 78_000)).toEqual([1000, 3000]);
  expect(await delaysOf(PULL_RETRIES, failure, 160_000)).toEqual([]);
});

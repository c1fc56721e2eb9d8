import { expect, test } from "bun:test";
import { type RetryPolicy, retry, type Verdict } from "../../src/support/retry.ts";
import { ManualClock } from "./manual-clock.ts";

const FOREVER: RetryPolicy<string> = {
  attempts: Number.POSITIVE_INFINITY,
  delaysMs: [100, 200, 400],
  judge: (attempted) => (attempted.ok && attempted.value !== "bad" ? "final" : "again"),
};

/** Runs a retry over these endings, an `Error` for a try that throws; moves the clock as the timers ask. */
async function run(endings: readonly (string | Error)[], options: Partial<Parameters<typeof retry<string>>[0]> = {}) {
  const clock = new ManualClock();
  const begun: number[] = [];
  const told: number[] = [];
  const settled = retry<string>(
    { policy: FOREVER, clock, onRetry: (_, delayMs) => void told.push(delayMs), ...options },
    async (failures) => {
      expect(failures).toBe(begun.length);
      begun.push(clock.now());
      const ending = endings[failures] ?? endings.at(-1) ?? "";
      if (ending instanceof Error) throw ending;
      return ending;
    },
  ).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  let ended: { value: string } | { error: unknown } | undefined;
  void settled.then((answer) => {
    ended = answer;
  });
  for (let turns = 0; turns < 50 && ended === undefined; turns += 1) {
    await Bun.sleep(0);
    const [next] = clock.pending();
    if (next !== undefined) clock.advance(next);
  }
  return { ended, begun, told, left: clock.pending() };
}

test("what goes well is done once", async () => {
  expect(await run(["good"])).toEqual({ ended: { value: "good" }, begun: [0], told: [], left: [] });
});

test("a value that tells of a failure and an error are tried again alike, after the policy's delays, the last for ever", async () => {
  const { ended, begun, told } = await run(["bad", new Error("broke"), "bad", "bad", "good"]);
  expect(ended).toEqual({ value: "good" });
  expect(begun).toEqual([0, 100, 300, 700, 1100]);
  expect(told).toEqual([100, 200, 400, 400]);
});

test("after the last try its value, or its error, is the answer", async () => {
  const policy = { ...FOREVER, attempts: 2 };
  expect(await run(["bad"], { policy })).toMatchObject({ ended: { value: "bad" }, begun: [0, 100] });
  const error = new Error("broke");
  expect(await run(["bad", error], { policy })).toMatchObject({ ended: { error }, begun: [0, 100] });
});

test("a failure decides for itself: that it is final, and how long to wait", async () => {
  const verdicts: Readonly<Record<string, Verdict>> = { bad: "again", limited: { afterMs: 5_000 }, gone: "final" };
  const counted: number[] = [];
  const policy: RetryPolicy<string> = {
    ...FOREVER,
    judge(attempted, failures) {
      counted.push(failures);
      return attempted.ok ? (verdicts[attempted.value] ?? "final") : "final";
    },
  };
  const { ended, begun } = await run(["limited", "bad", "gone"], { policy });
  expect(ended).toEqual({ value: "gone" });
  expect(begun).toEqual([0, 5_000, 5_200]);
  expect(counted).toEqual([1, 2, 3]);
});

test("no try begins beyond the limit over all, a failure's own delay included", async () => {
  const limited = (limitMs: number) => ({ policy: { ...FOREVER, limitMs } });
  expect((await run(["bad"], limited(299))).begun).toEqual([0, 100]);
  expect((await run(["bad"], limited(300))).begun).toEqual([0, 100, 300]);
  expect((await run(["bad"], { ...limited(50), elapsedMs: () => -60 })).begun.length).toBeGreaterThan(1);
  const judge = (): Verdict => ({ afterMs: 1_000 });
  expect((await run(["bad"], { policy: { ...FOREVER, limitMs: 999, judge } })).begun).toEqual([0]);
});

test("chance takes its share of the policy's delays, and nothing of a failure's own", async () => {
  const policy = { ...FOREVER, attempts: 3, jitter: 0.5 };
  expect((await run(["bad"], { policy, random: () => 1 })).told).toEqual([50, 100]);
  expect((await run(["bad"], { policy, random: () => 0 })).told).toEqual([100, 200]);
  const judge = (): Verdict => ({ afterMs: 70 });
  expect((await run(["bad"], { policy: { ...policy, judge }, random: () => 1 })).told).toEqual([70, 70]);
});

test("who asked is given back at once, out of a try that hangs as well as out of a delay, and nothing is left", async () => {
  for (const action of [() => new Promise<string>(() => {}), async () => "bad"]) {
    const clock = new ManualClock();
    const abort = new AbortController();
    const answer = retry({ policy: FOREVER, clock, signal: abort.signal }, action);
    await Bun.sleep(0);
    const reason = new Error("cancelled");
    abort.abort(reason);
    expect(await answer.catch((error: unknown) => error)).toBe(reason);
    expect(clock.pending()).toEqual([]);
  }
});

test("a signal that has aborted already lets nothing begin", async () => {
  const reason = new Error("cancelled");
  const { ended, begun } = await run(["good"], { signal: AbortSignal.abort(reason) });
  expect(ended).toEqual({ error: reason });
  expect(begun).toEqual([]);
});

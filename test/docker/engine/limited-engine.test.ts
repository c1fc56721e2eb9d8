import { expect, test } from "bun:test";
import type { EngineRequest } from "../../../src/docker/engine/engine.ts";
import { enginePath } from "../../../src/docker/engine/engine-path.ts";
import { limitEngine } from "../../../src/docker/engine/limited-engine.ts";
import { ManualClock } from "../../support/manual-clock.ts";

/** An engine that answers when a test says so: the real one cannot be told to. */
function scene(callsAtOnce: number) {
  const asked: EngineRequest[] = [];
  const answers: PromiseWithResolvers<void>[] = [];
  const run = (request: EngineRequest) => {
    asked.push(request);
    const answer = Promise.withResolvers<void>();
    answers.push(answer);
    return answer.promise;
  };
  const clock = new ManualClock();
  const engine = { now: () => 0, run, call: () => Promise.reject(new Error("unused")), open: () => Promise.reject() };
  return { asked, answers, clock, limited: limitEngine(engine, clock, callsAtOnce) };
}

const request = (parts: Partial<EngineRequest> = {}): EngineRequest => ({
  method: "GET",
  path: enginePath`/info`,
  ...parts,
});

test("further calls wait in their order, and what they wait counts against their limit", async () => {
  const { asked, answers, clock, limited } = scene(1);
  const first = limited.run(request());
  const second = limited.run(request({ limitMs: 1_000 }));
  await Bun.sleep(0);
  expect(asked).toHaveLength(1);
  clock.advance(400);
  answers[0]?.resolve();
  await first;
  await Bun.sleep(0);
  expect(asked[1]?.limitMs).toBe(600);
  answers[1]?.resolve();
  await second;
  expect(clock.pending()).toEqual([]);
});

test("one that waits too long is too late, one that is cancelled leaves, and an urgent one waits for nobody", async () => {
  const { asked, answers, clock, limited } = scene(1);
  const first = limited.run(request());
  const late = limited.run(request({ limitMs: 1_000 }));
  const abort = new AbortController();
  const cancelled = limited.run(request({ signal: abort.signal }));
  const urgent = limited.run(request({ isUrgent: true }));
  await Bun.sleep(0);
  expect(asked).toHaveLength(2);
  abort.abort();
  await expect(cancelled).rejects.toMatchObject({ kind: "aborted" });
  clock.advance(1_000);
  await expect(late).rejects.toMatchObject({ kind: "timeout" });
  for (const { resolve } of answers) resolve();
  await Promise.all([first, urgent]);
  expect(asked).toHaveLength(2);
  expect(clock.pending()).toEqual([]);
});

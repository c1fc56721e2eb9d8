import { expect, test } from "bun:test";
import type { Images, PullAnswer } from "../../../src/docker/images/images.ts";
import { pullAhead } from "../../../src/docker/images/pull-ahead.ts";

/** Images whose pulls end when a test says so, or when their signal does. */
function pending() {
  const pulls: { image: string; signal: AbortSignal; answer: PromiseWithResolvers<PullAnswer> }[] = [];
  const images: Images = {
    expected: async () => undefined,
    pull(image, _, signal) {
      const answer = Promise.withResolvers<PullAnswer>();
      signal.addEventListener("abort", () => answer.reject(signal.reason), { once: true });
      pulls.push({ image, signal, answer });
      return answer.promise;
    },
  };
  return { images, pulls };
}

const wanted = [{ image: "a:1", policy: "configured" }] as const;
const found: PullAnswer = { ok: true, imageId: "sha256:1", isUnchanged: true };

test("a pull that was begun answers who asks for it, once; the next one is a pull of its own", async () => {
  const { images, pulls } = pending();
  const ahead = pullAhead(images, wanted);
  expect(pulls).toHaveLength(1);
  const { signal } = new AbortController();
  const first = ahead.pull("a:1", "configured", signal);
  expect(pulls).toHaveLength(1);
  pulls[0]?.answer.resolve(found);
  expect(await first).toEqual(found);
  void ahead.pull("a:1", "configured", signal);
  expect(pulls).toHaveLength(2);
});

test("a pull that shows something else to the registry, or of another image, is not taken for it", () => {
  const { images, pulls } = pending();
  const ahead = pullAhead(images, wanted);
  const { signal } = new AbortController();
  void ahead.pull("a:1", "anonymous-first", signal);
  void ahead.pull("a:2", "configured", signal);
  expect(pulls.map(({ image }) => image)).toEqual(["a:1", "a:1", "a:2"]);
});

test("the signal of who has asked ends the pull, with its reason", async () => {
  const { images, pulls } = pending();
  const ahead = pullAhead(images, wanted);
  const abort = new AbortController();
  const answer = ahead.pull("a:1", "configured", abort.signal);
  const reason = new Error("cancelled");
  abort.abort(reason);
  await expect(answer).rejects.toBe(reason);
  expect(pulls[0]?.signal.aborted).toBe(true);
  await expect(pullAhead(images, wanted).pull("a:1", "configured", abort.signal)).rejects.toBe(reason);
});

test("what nobody has asked for is given up at the end, and what somebody waits for is not", async () => {
  const { images, pulls } = pending();
  const ahead = pullAhead(images, [...wanted, { image: "b:1", policy: "anonymous-first" }]);
  const { signal } = new AbortController();
  const answer = ahead.pull("a:1", "configured", signal);
  ahead.end();
  expect(pulls.map((pull) => pull.signal.aborted)).toEqual([false, true]);
  pulls[0]?.answer.resolve(found);
  expect(await answer).toEqual(found);
});

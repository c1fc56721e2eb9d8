import { expect, test } from "bun:test";
import { createSlots, createSlotsByKey } from "../../src/support/slots.ts";

const never = new AbortController().signal;

test("no more than that many at once, the others in their order, also behind a failure", async () => {
  const slots = createSlots(2);
  const begun: number[] = [];
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const works = ends.map(({ promise }, index) =>
    slots.with(never, async () => {
      begun.push(index);
      await promise;
    }),
  );
  for (const work of works) work.catch(() => {});
  await Bun.sleep(0);
  expect(begun).toEqual([0, 1]);
  ends[1]?.reject(new Error("failed"));
  await Bun.sleep(0);
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of ends) resolve();
  await Promise.allSettled(works);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  expect(slots.isIdle()).toBe(true);
});

test("who gives up while waiting leaves, and takes nothing with him", async () => {
  const slots = createSlots(1);
  const first = Promise.withResolvers<void>();
  const work = slots.with(never, () => first.promise);
  const abort = new AbortController();
  const second = slots.with(abort.signal, async () => "never");
  const third = slots.with(never, async () => "third");
  abort.abort(new Error("cancelled"));
  await expect(second).rejects.toThrow("cancelled");
  first.resolve();
  await work;
  expect(await third).toBe("third");
  await expect(slots.with(abort.signal, async () => "no")).rejects.toThrow("cancelled");
  expect(slots.isIdle()).toBe(true);
});

test("each key has its own", async () => {
  const slots = createSlotsByKey(1);
  const first = Promise.withResolvers<void>();
  const work = slots.with("a", never, () => first.promise);
  expect(await slots.with("b", never, async () => "beside")).toBe("beside");
  first.resolve();
  await work;
});

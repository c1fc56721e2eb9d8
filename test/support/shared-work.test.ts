import { describe, expect, test } from "bun:test";
import { createSharedWork } from "../../src/support/shared-work.ts";

/** Work that ends when it is told to, and counts how often it was begun. */
function work() {
  const begun: { signal: AbortSignal; end: PromiseWithResolvers<string> }[] = [];
  const start = (signal: AbortSignal) => {
    const end = Promise.withResolvers<string>();
    begun.push({ signal, end });
    return end.promise;
  };
  return { shared: createSharedWork<string>(), begun, start };
}
const never = () => new AbortController().signal;

describe("shared work", () => {
  test("is done once for equal requests, and its answer is everybody's", async () => {
    const { shared, begun, start } = work();
    const waiters = [shared.join("a", never(), start), shared.join("a", never(), start)];
    begun[0]?.end.resolve("done");
    expect(await Promise.all(waiters)).toEqual(["done", "done"]);
    expect(begun).toHaveLength(1);
  });

  test("is done for each of different requests, and again once it is over", async () => {
    const { shared, begun, start } = work();
    const first = shared.join("a", never(), start);
    void shared.join("b", never(), start);
    expect(begun).toHaveLength(2);
    begun[0]?.end.resolve("done");
    await first;
    void shared.join("a", never(), start);
    expect(begun).toHaveLength(3);
  });

  test("a failure is everybody's, and is forgotten", async () => {
    const { shared, begun, start } = work();
    const waiters = [shared.join("a", never(), start), shared.join("a", never(), start)];
    begun[0]?.end.reject(new Error("no"));
    const settled = await Promise.allSettled(waiters);
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    void shared.join("a", never(), start);
    expect(begun).toHaveLength(2);
  });

  test("one who leaves disturbs nobody", async () => {
    const { shared, begun, start } = work();
    const leaving = new AbortController();
    const left = shared.join("a", leaving.signal, start);
    const stayed = shared.join("a", never(), start);
    leaving.abort("why");
    expect(await left.catch((reason: unknown) => reason)).toBe("why");
    expect(begun[0]?.signal.aborted).toBe(false);
    begun[0]?.end.resolve("done");
    expect(await stayed).toBe("done");
  });

  test("is aborted when the last one has left; who comes then begins anew", async () => {
    const { shared, begun, start } = work();
    const leaving = new AbortController();
    const left = shared.join("a", leaving.signal, start);
    leaving.abort("why");
    await left.catch(() => {});
    expect(begun[0]?.signal.aborted).toBe(true);
    const late = shared.join("a", never(), start);
    begun[0]?.end.reject(new Error("aborted"));
    begun[1]?.end.resolve("done");
    expect(await late).toBe("done");
  });

  test("is not begun for one who has left before", async () => {
    const { shared, begun, start } = work();
    expect(await shared.join("a", AbortSignal.abort("why"), start).catch((reason: unknown) => reason)).toBe("why");
    expect(begun).toHaveLength(0);
  });
});

import { describe, expect, test } from "bun:test";
import { createOutbox, type Outbox } from "../../src/control-plane/outbox.ts";
import type { Delivery } from "../../src/protocol/delivery.ts";

function drain(outbox: Outbox): string[] {
  const texts: string[] = [];
  for (let text = outbox.next(); text !== undefined; text = outbox.next()) texts.push(text);
  return texts;
}

async function settled(delivery: Delivery): Promise<boolean> {
  return Promise.race([delivery.delivered.then(() => true), Bun.sleep(0).then(() => false)]);
}

function opened(...texts: string[]): { outbox: Outbox; deliveries: Delivery[] } {
  const outbox = createOutbox(() => {});
  outbox.startLink(1);
  return { outbox, deliveries: texts.map((text) => outbox.add(text)) };
}

describe("createOutbox", () => {
  test("hands each message over once, in order, and tells when there is one", () => {
    let told = 0;
    const outbox = createOutbox(() => {
      told += 1;
    });
    outbox.startLink(1);
    outbox.add("a");
    outbox.add("b");
    expect(told).toBe(2);
    expect(drain(outbox)).toEqual(["a", "b"]);
    expect(outbox.hasNext()).toBe(false);
    expect(outbox.size).toBe(2);
  });

  test("a pong delivers what was handed over before its ping, nothing later", async () => {
    const { outbox, deliveries } = opened("a", "b");
    drain(outbox);
    const barrier = outbox.barrier();
    const late = outbox.add("c");
    drain(outbox);
    outbox.confirm(barrier);
    expect(await Promise.all([...deliveries, late].map(settled))).toEqual([true, true, false]);
    expect(outbox.size).toBe(1);
  });

  test("what was withdrawn goes out no more, on no link, and what is delivered stays so", async () => {
    const { outbox, deliveries } = opened("a", "b", "c");
    const [first, second] = deliveries;
    outbox.next();
    outbox.confirm(outbox.barrier());
    for (const delivery of [first, second]) delivery?.withdraw();
    second?.withdraw();
    expect(outbox.size).toBe(1);
    expect(second?.repeat()).toBe(false);
    expect(drain(outbox)).toEqual(["c"]);
    outbox.startLink(2);
    expect(drain(outbox)).toEqual(["c"]);
    outbox.confirm(outbox.barrier());
    expect(await Promise.all(deliveries.map(settled))).toEqual([true, false, true]);
    expect(outbox.size).toBe(0);
  });

  test("a new link starts over with what is not delivered, in order", () => {
    const { outbox } = opened("a", "b", "c");
    outbox.next();
    outbox.confirm(outbox.barrier());
    outbox.next();
    outbox.startLink(2);
    expect(drain(outbox)).toEqual(["b", "c"]);
  });

  test("a pong of an earlier link delivers nothing", async () => {
    const { outbox, deliveries } = opened("a");
    drain(outbox);
    const barrier = outbox.barrier();
    outbox.startLink(2);
    drain(outbox);
    outbox.confirm(barrier);
    expect(await Promise.all(deliveries.map(settled))).toEqual([false]);
  });

  test.each(["", "1", "1.", "1.2", "1.999", "one.1", "-1.1", "1.1.1", "1.1 ", "confirm:1"])(
    "a payload that is not its own delivers nothing: %p",
    async (payload) => {
      const { outbox, deliveries } = opened("a");
      drain(outbox);
      outbox.confirm(payload);
      expect(await Promise.all(deliveries.map(settled))).toEqual([false]);
      expect(outbox.size).toBe(1);
    },
  );

  test("a repeat goes out again behind everything queued so far, on this link and the next", () => {
    const { outbox, deliveries } = opened("terminal");
    drain(outbox);
    outbox.add("claim");
    deliveries[0]?.repeat();
    expect(drain(outbox)).toEqual(["claim", "terminal"]);
    outbox.startLink(2);
    expect(drain(outbox)).toEqual(["claim", "terminal"]);
  });

  test("a repeat of what never went out yet moves it to the end, once", () => {
    const { outbox, deliveries } = opened("terminal", "claim");
    deliveries[0]?.repeat();
    deliveries[0]?.repeat();
    expect(drain(outbox)).toEqual(["claim", "terminal"]);
  });

  test("what is delivered never goes out again, repeat or not", async () => {
    const { outbox, deliveries } = opened("a");
    drain(outbox);
    outbox.confirm(outbox.barrier());
    expect(deliveries[0]?.repeat()).toBe(false);
    expect(drain(outbox)).toEqual([]);
    outbox.startLink(2);
    expect(drain(outbox)).toEqual([]);
    expect(await Promise.all(deliveries.map(settled))).toEqual([true]);
  });

  test("after a repeat only the last copy counts: what it is to follow may have been read after the first", async () => {
    const { outbox, deliveries } = opened("terminal");
    drain(outbox);
    const barrier = outbox.barrier();
    outbox.add("claim");
    expect(deliveries[0]?.repeat()).toBe(true);
    drain(outbox);
    outbox.confirm(barrier);
    expect(await Promise.all(deliveries.map(settled))).toEqual([false]);
    outbox.startLink(2);
    expect(drain(outbox)).toEqual(["claim", "terminal"]);
    outbox.confirm(outbox.barrier());
    expect(await Promise.all(deliveries.map(settled))).toEqual([true]);
  });

  test("tens of thousands of messages, repeated and confirmed, cost no more each than a few", () => {
    const costOf = (count: number) => {
      const { outbox } = opened();
      const deliveries = Array.from({ length: count }, (_, index) => outbox.add(`message ${index}`));
      drain(outbox);
      for (const delivery of deliveries) delivery.repeat();
      drain(outbox);
      const start = performance.now();
      for (const delivery of deliveries) delivery.repeat();
      drain(outbox);
      outbox.confirm(outbox.barrier());
      expect(outbox.size).toBe(0);
      return (performance.now() - start) / count;
    };
    costOf(1_000);
    expect(costOf(60_000)).toBeLessThan(20 * Math.max(costOf(2_000), 0.001));
  });

  test("the payload of a ping stays within 125 bytes", () => {
    const outbox = createOutbox(() => {});
    outbox.startLink(Number.MAX_SAFE_INTEGER);
    expect(outbox.barrier().length).toBeLessThan(125);
  });
});

import { describe, expect, test } from "bun:test";
import type { ClientMessage } from "../../src/protocol/client-message.ts";
import { assignment } from "../support/assignment-builder.ts";
import { until } from "../support/until.ts";
import { claim, linked, reconnect, rejection } from "./linked.ts";

describe("a link", () => {
  test("answers for the moment go out on the open link only and are never kept", async () => {
    await using parts = await linked();
    const task = assignment({ execution_id: "" });
    parts.link.answerer()(rejection("too-early"));
    parts.link.start();
    await parts.oz.assign(task);
    await until("the assignment", () => parts.messages.length > 0);
    parts.link.answerer()(rejection(task.task_id));
    await parts.oz.waitForMessage("task_rejected", task.task_id);
    expect(parts.oz.received).toHaveLength(1);
    expect(parts.link.undelivered()).toBe(0);
    expect(parts.oz.violations).toEqual([]);
  });

  test("answers to what a lost link asked are dropped on the next one", async () => {
    await using parts = await linked();
    parts.link.start();
    await until("the link", () => parts.link.state().connected);
    const answer = parts.link.answerer();
    parts.relay.cut();
    await reconnect(parts, 2);
    answer(rejection("stale"));
    const delivery = parts.link.send(claim("sentinel"));
    await delivery.delivered;
    expect(parts.oz.received.map(({ taskId }) => taskId)).toEqual(["sentinel"]);
  });

  test("hands nothing more to a network that does not keep up, and delivers all of it later", async () => {
    await using parts = await linked();
    parts.link.start();
    await parts.oz.waitForLink();
    await until("the link", () => parts.link.state().connected);
    parts.relay.freeze();
    // Enough for the sockets' own buffers and the limit; the rest must stay in the outbox.
    const long = (index: number): ClientMessage => ({
      type: "task_rejected",
      data: { task_id: `${index}`, reason: "x".repeat(64 * 1024) },
    });
    const before = process.memoryUsage().rss;
    const deliveries = Array.from({ length: 400 }, (_, index) => parts.link.send(long(index)));
    parts.link.answerer()(rejection("dropped"));
    parts.link.answerer()(rejection("dropped too"));
    expect(parts.log.messages("warn").filter((line) => line.includes("keep up"))).toHaveLength(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    parts.relay.thaw();
    const all = Promise.all(deliveries.map((delivery) => delivery.delivered)).then(() => true);
    while (!(await Promise.race([all, Bun.sleep(5).then(() => false)]))) parts.clock.advance(100);
    expect(parts.oz.received.map((one) => one.taskId)).toEqual(deliveries.map((_, index) => `${index}`));
  });
});

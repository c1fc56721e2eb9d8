import { describe, expect, test } from "bun:test";
import type { OzChannel } from "../../src/worker/oz-channel.ts";
import { assignment } from "../support/assignment-builder.ts";
import { until } from "../support/until.ts";
import { claim, linked, reconnect, result, withTask } from "./linked.ts";

describe("a link", () => {
  test("connects, says so, and hands assignments and cancellations on", async () => {
    await using parts = await linked();
    const channel: OzChannel = parts.link;
    const taskId = await withTask(parts);
    await parts.oz.cancel(taskId);
    await until("the cancellation", () => parts.messages.length === 2);
    expect(parts.messages.map((message) => message.type)).toEqual(["task_assignment", "task_cancellation"]);
    expect(parts.log.messages("info")).toEqual(["Connected to Oz", 'Worker "test-worker" is listening for tasks']);
    expect(parts.states).toEqual([{ connected: true, since: 0 }]);
    expect(channel).toBe(parts.link);
  });

  test("keeps the URL's other parameters", async () => {
    let seen = "";
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        seen ||= request.url;
        return new Response("", { status: 404 });
      },
    });
    await using parts = await linked({
      url: `ws://127.0.0.1:${server.port}/ws?region=eu&worker_id=old`,
      workerId: "a&b",
    });
    parts.link.start();
    await until("a dial", () => seen !== "");
    const { searchParams } = new URL(seen);
    expect([...searchParams]).toEqual([
      ["region", "eu"],
      ["worker_id", "a&b"],
    ]);
    await server.stop(true);
  });

  test("delivers in order and tells when Oz has read it; messages of one turn share a ping", async () => {
    await using parts = await linked();
    const taskId = await withTask(parts);
    await parts.oz.waitFor("the first ping", () => parts.oz.events.find((event) => event.kind === "pinged"), 5_000);
    const deliveries = [parts.link.send(claim(taskId)), parts.link.send(result(taskId))];
    expect(parts.link.undelivered()).toBe(2);
    await Promise.all(deliveries.map((delivery) => delivery.delivered));
    expect(parts.link.undelivered()).toBe(0);
    expect(parts.oz.typesOf(taskId)).toEqual(["task_claimed", "task_completed"]);
    expect(parts.oz.events.filter((event) => event.kind === "pinged")).toHaveLength(2);
    await parts.oz.waitForConfirmation(taskId);
    expect(parts.oz.violations).toEqual([]);
  });

  test("what was queued before the first link goes out on it", async () => {
    await using parts = await linked();
    const task = assignment({ execution_id: "" });
    const delivery = parts.link.send(claim(task.task_id));
    parts.link.start();
    await delivery.delivered;
    expect(parts.oz.typesOf(task.task_id)).toEqual(["task_claimed"]);
  });

  test("cut while a result is under way: it arrives on the next link, once", async () => {
    await using parts = await linked();
    const taskId = await withTask(parts);
    await parts.link.send(claim(taskId)).delivered;
    parts.relay.delay(200, "to-server");
    const delivery = parts.link.send(result(taskId));
    parts.relay.cut();
    parts.relay.delay(0);
    await reconnect(parts, 2);
    await delivery.delivered;
    expect(parts.oz.typesOf(taskId)).toEqual(["task_claimed", "task_completed"]);
    expect(parts.oz.violations).toEqual([]);
  });

  test("cut after Oz has read it but before the pong: it is sent again on the next link", async () => {
    await using parts = await linked();
    const taskId = await withTask(parts);
    await parts.link.send(claim(taskId)).delivered;
    parts.relay.freeze("to-client");
    const delivery = parts.link.send(result(taskId));
    await parts.oz.waitForResult(taskId);
    parts.relay.cut();
    parts.relay.thaw();
    await reconnect(parts, 2);
    await delivery.delivered;
    expect(parts.oz.typesOf(taskId)).toEqual(["task_claimed", "task_completed", "task_completed"]);
    await parts.oz.waitForConfirmation(taskId);
    expect(parts.oz.violations).toEqual([]);
  });

  test("Oz away for some time as a task ends: the result arrives when it is back", async () => {
    await using parts = await linked();
    const taskId = await withTask(parts);
    await parts.link.send(claim(taskId)).delivered;
    await parts.oz.goAway();
    await until("a lost link", () => !parts.link.state().connected);
    const delivery = parts.link.send(result(taskId));
    for (const [index, delay] of [1_000, 2_000].entries()) {
      parts.clock.advance(delay);
      await until(`failure ${index + 1}`, () => parts.log.messages("warn").length === index + 2);
    }
    expect(parts.link.undelivered()).toBe(1);
    parts.oz.comeBack();
    parts.clock.advance(4_000);
    await delivery.delivered;
    expect(parts.oz.typesOf(taskId)).toEqual(["task_claimed", "task_completed"]);
    expect(parts.oz.violations).toEqual([]);
  });

  test("nothing goes out again once it is delivered", async () => {
    await using parts = await linked();
    const taskId = await withTask(parts);
    const delivery = parts.link.send(claim(taskId));
    await delivery.delivered;
    parts.relay.cut();
    await reconnect(parts, 2);
    delivery.repeat();
    await parts.link.send(result(taskId)).delivered;
    expect(parts.oz.typesOf(taskId)).toEqual(["task_claimed", "task_completed"]);
    expect(parts.oz.violations).toEqual([]);
  });

  test("a redelivery is claimed again and the unconfirmed result follows", async () => {
    await using parts = await linked();
    const taskId = await withTask(parts);
    await parts.link.send(claim(taskId)).delivered;
    parts.relay.freeze("to-client");
    const delivery = parts.link.send(result(taskId));
    await parts.oz.waitForResult(taskId);
    await parts.oz.redeliver(taskId);
    parts.link.send(claim(taskId));
    delivery.repeat();
    await parts.oz.waitForMessage("task_completed", taskId, 5_000, 2);
    parts.relay.thaw();
    await delivery.delivered;
    expect(parts.oz.typesOf(taskId)).toEqual(["task_claimed", "task_completed", "task_claimed", "task_completed"]);
    expect(parts.oz.violations).toEqual([]);
  });

  test("pings every 30 s, also when idle", async () => {
    await using parts = await linked();
    parts.link.start();
    for (let expected = 1; expected <= 5; expected++) {
      await parts.oz.waitFor(`pong ${expected}`, () => parts.oz.pongsRead >= expected || undefined);
      expect(parts.oz.events.filter((event) => event.kind === "pinged")).toHaveLength(expected);
      parts.clock.advance(30_000);
    }
    expect(parts.oz.openedLinks).toBe(1);
    expect(parts.log.messages("warn")).toEqual([]);
  });

  test("a process that has stood still takes nothing that came meanwhile, and dials anew", async () => {
    await using parts = await linked();
    const taskId = await withTask(parts);
    parts.clock.standStill(9_900);
    await parts.oz.cancel(taskId);
    await until("what came within ten seconds", () => parts.messages.length === 2);
    parts.clock.standStill(300_000);
    await parts.oz.cancel(taskId);
    await until("the end of the link", () => !parts.link.state().connected);
    expect(parts.messages).toHaveLength(2);
    expect(parts.log.messages("warn").at(-1)).toStartWith(
      "Lost the link to Oz: this process has stood still, or its clock was set ahead, for 3",
    );
    await reconnect(parts, 2);
    expect(parts.messages).toHaveLength(2);
  });

  test("a half-open link is given up after 60 s of silence and the result arrives on the next", async () => {
    await using parts = await linked();
    const taskId = await withTask(parts);
    await parts.link.send(claim(taskId)).delivered;
    parts.relay.freeze();
    const delivery = parts.link.send(result(taskId));
    parts.clock.advance(59_000);
    expect(parts.link.state().connected).toBe(true);
    parts.clock.advance(1_001);
    expect(parts.link.state().connected).toBe(false);
    expect(parts.log.messages("warn")).toEqual(["Lost the link to Oz: nothing was heard for 60 s; next try in 1.0 s"]);
    parts.relay.cut();
    parts.relay.thaw();
    parts.clock.advance(1_000);
    await delivery.delivered;
    expect(parts.oz.typesOf(taskId)).toEqual(["task_claimed", "task_completed"]);
    expect(parts.oz.violations).toEqual([]);
  });

  test("survives what the worker throws, and 3 MB of anything", async () => {
    const seen: string[] = [];
    await using parts = await linked({
      onMessage(message) {
        seen.push(message.type);
        if (seen.length === 1) throw new RangeError("holds SECRET-VALUE");
        return seen.length === 2 ? Promise.reject(new Error("holds SECRET-VALUE")) : undefined;
      },
    });
    parts.link.start();
    const frames = ["{", "", "x".repeat(3_000_000), new Uint8Array(3_000_000)];
    for (const frame of frames) await parts.oz.sendRaw(frame);
    await parts.oz.assign(assignment());
    await until("all frames", () => seen.length === 5);
    expect(seen).toEqual(["skipped", "skipped", "skipped", "skipped", "task_assignment"]);
    expect(parts.log.lines.filter((line) => line.level === "error")).toHaveLength(2);
    expect(parts.log.text()).not.toContain("SECRET-VALUE");
    expect(parts.oz.openedLinks).toBe(1);
  });
});

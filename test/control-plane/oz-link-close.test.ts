import { describe, expect, test } from "bun:test";
import { createOzLink } from "../../src/control-plane/oz-link.ts";
import { systemClock } from "../../src/support/clock.ts";
import { USER_AGENT } from "../../src/support/user-agent.ts";
import { OzStandIn } from "../support/oz-stand-in.ts";
import { recordedLog } from "../support/recorded-log.ts";
import { until } from "../support/until.ts";
import { type Linked, linked } from "./linked.ts";

async function nothingLeft(parts: Linked, dials: number): Promise<void> {
  expect(parts.clock.pending()).toEqual([]);
  await until("no socket", () => parts.relay.open === 0);
  parts.clock.advance(600_000);
  await Bun.sleep(10);
  expect(parts.relay.accepted).toBe(dials);
  expect(parts.link.state().connected).toBe(false);
}

describe("close leaves no timer and no socket", () => {
  test("before the start, which does nothing any more", async () => {
    await using parts = await linked();
    await parts.link.close();
    parts.link.start();
    await nothingLeft(parts, 0);
  });

  test("open: with code 1000; again is the same", async () => {
    await using parts = await linked();
    parts.link.start();
    await parts.oz.waitForLink();
    await until("the link", () => parts.link.state().connected);
    await Promise.all([parts.link.close(), parts.link.close()]);
    await parts.oz.waitFor("the close", () => parts.oz.events.find((event) => event.kind === "closed"), 5_000);
    expect(parts.oz.events.find((event) => event.kind === "closed")).toMatchObject({ code: 1000 });
    expect(parts.states.map((state) => state.connected)).toEqual([true, false]);
    expect(parts.log.messages("warn")).toEqual([]);
    await nothingLeft(parts, 1);
  });

  test("open and frozen: within 2 s", async () => {
    await using parts = await linked();
    parts.link.start();
    await until("the link", () => parts.link.state().connected);
    parts.relay.freeze();
    const closed = parts.link.close();
    parts.clock.advance(1_999);
    expect(await Promise.race([closed.then(() => true), Bun.sleep(20).then(() => false)])).toBe(false);
    parts.clock.advance(1);
    await closed;
    parts.relay.thaw();
    await nothingLeft(parts, 1);
  });

  test("during a handshake that is not answered", async () => {
    await using parts = await linked();
    parts.oz.answerWith({ kind: "hang" });
    parts.link.start();
    await until("a dial", () => parts.relay.open === 1);
    await parts.link.close();
    await nothingLeft(parts, 1);
  });

  test("while the reason of a failure is asked for", async () => {
    await using parts = await linked();
    parts.oz.answerWith({ kind: "refuse", status: 503 });
    parts.link.start();
    await parts.oz.waitFor("a refusal", () => parts.oz.refusals[0], 5_000);
    // The refusal still gets through; the question after it does not.
    parts.relay.freeze("to-server");
    await until("the question", () => parts.relay.accepted === 2);
    await parts.link.close();
    await Bun.sleep(10);
    expect(parts.log.messages("warn")).toEqual([]);
    await nothingLeft(parts, 2);
  });

  test("while waiting for the next dial", async () => {
    await using parts = await linked();
    parts.oz.answerWith({ kind: "accept-then-close", code: 1013 });
    parts.link.start();
    await until("the wait", () => parts.log.messages("warn").length === 1);
    await parts.link.close();
    await nothingLeft(parts, 1);
  });

  test("with the process's own clock, promptly", async () => {
    const oz = new OzStandIn();
    const { workerId, url } = oz;
    const link = createOzLink({
      ...{ url, workerId, apiKey: () => oz.apiKey, userAgent: USER_AGENT },
      ...{ log: recordedLog(), clock: systemClock, onMessage() {} },
    });
    link.start();
    await oz.waitForLink();
    await until("the link", () => link.state().connected);
    const start = performance.now();
    await link.close();
    expect(performance.now() - start).toBeLessThan(500);
    await oz.stop();
  });
});

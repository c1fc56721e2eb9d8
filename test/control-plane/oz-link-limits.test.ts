import { expect, test } from "bun:test";
import { MAX_FRAME_BYTES } from "../../src/control-plane/wire.ts";
import { until } from "../support/until.ts";
import { linked } from "./linked.ts";

test("a frame above the limit is not looked at: the link is closed with 1009, and dialled again", async () => {
  await using parts = await linked();
  const { oz, link, clock, log, messages } = parts;
  link.start();
  await oz.waitForLink();
  const padded = (bytes: number) => `{"type":"x","data":"${"é".repeat((bytes - 21) / 2)}"}`;
  await oz.sendRaw(padded(MAX_FRAME_BYTES - 1));
  await until("the frame at the limit", () => messages.length === 1);
  await oz.sendRaw(padded(MAX_FRAME_BYTES + 1));
  const closed = await oz.waitFor("the close", () => oz.events.find((event) => event.kind === "closed"));
  expect(closed).toMatchObject({ code: 1009 });
  await until("the lost link", () => !link.state().connected);
  expect(messages).toHaveLength(1);
  expect(log.messages("warn").join()).toContain("Lost the link to Oz: it sent a frame of more than 4 MiB");
  clock.advance(1_500);
  await oz.waitFor("the next link", () => oz.openedLinks === 2 || undefined);
});

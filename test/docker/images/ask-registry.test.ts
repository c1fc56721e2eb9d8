import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import type { Engine } from "../../../src/docker/engine/engine.ts";
import { createAskRegistry } from "../../../src/docker/images/ask-registry.ts";
import { createPullNotice } from "../../../src/docker/images/pull-notice.ts";
import { parseImageReference } from "../../../src/docker/registry/image-reference.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordedLog } from "../../support/recorded-log.ts";

/** Asks by way of an engine that says what the test says: other engines than the one at hand, and one that hangs. */
function asked() {
  const stream = new PassThrough();
  const engine: Engine = {
    call: () => Promise.reject(new Error("a pull asks nothing else")),
    run: () => Promise.resolve(),
    open: () => Promise.resolve(stream),
  };
  const clock = new ManualClock();
  const reference = parseImageReference("team/app:1");
  if (reference.kind === "invalid") throw new Error(reference.reason);
  const log = recordedLog();
  const notice = createPullNotice({ watch: { away: () => undefined }, clock, log }, reference);
  const ask = createAskRegistry({ engine, platform: { os: "linux", architecture: "amd64" }, clock });
  const answer = ask(reference, undefined, notice, new AbortController().signal).finally(() => notice.end());
  let isOver = false;
  void answer.finally(() => {
    isOver = true;
  });
  return {
    answer,
    log,
    clock,
    isOver: () => isOver,
    async say(...lines: readonly object[]) {
      for (const line of lines) stream.write(`${JSON.stringify(line)}\r\n`);
      await Bun.sleep(1);
    },
    /** Says something every 10 s meanwhile. */
    async pass(seconds: number, line?: object) {
      for (let left = seconds; left > 0; left -= 10) {
        if (line !== undefined) stream.write(`${JSON.stringify(line)}\r\n`);
        await Bun.sleep(0);
        clock.advance(Math.min(left, 10) * 1000);
        await Bun.sleep(0);
      }
    },
  };
}

const layer = { status: "Pulling fs layer", id: "a" };

test("an engine that repeats what it said hides no silence", async () => {
  const scene = asked();
  const half = { status: "Downloading", id: "a", progressDetail: { current: 1_000_000, total: 2_000_000 } };
  await scene.say(layer, half);
  await scene.pass(110, half);
  expect(scene.isOver()).toBe(false);
  await scene.pass(20, half);
  expect(await scene.answer).toEqual({
    ok: false,
    kind: "silent",
    said: "nothing new for 120 s: 0 of 1 layers downloaded, 1.0 MB",
  });
  expect(scene.clock.pending()).toEqual([]);
});

test("while the daemon unpacks, its silence is not the registry's, and has a limit as well", async () => {
  const scene = asked();
  await scene.say(layer, { status: "Download complete", id: "a" });
  await scene.pass(1_790);
  expect(scene.isOver()).toBe(false);
  await scene.pass(20);
  expect(await scene.answer).toMatchObject({ ok: false, kind: "daemon" });
  expect(scene.log.lines).toHaveLength(60);
  expect(scene.log.lines[0]).toMatchObject({
    level: "info",
    message: "an image is still being pulled",
    fields: { image: "team/app:1", registry: "docker.io", seconds: 30 },
  });
});

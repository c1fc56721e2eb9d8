import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { createEngine, type Engine } from "../../../src/docker/engine/engine.ts";
import { createEngineLives } from "../../../src/docker/engine/engine-lives.ts";
import { testEnvironment } from "../../support/environment.ts";
import { PrivateDockerd } from "../../support/private-dockerd.ts";
import { until } from "../../support/until.ts";

test("a life of the daemon lasts until it is restarted, and is another one then", async () => {
  await using dockerd = await PrivateDockerd.start({ mark: testEnvironment().run });
  let ends = 0;
  const onEnd = () => {
    ends += 1;
  };
  const lives = createEngineLives(createEngine(dockerd.docker.modem), { onEnd });
  const first = await lives.present();
  expect(await lives.present()).toBe(first);
  expect(first.lasts()).toBe(true);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const before = await lives.present();
    await dockerd.down(signal);
    await until("the end of the life", () => !before.lasts());
    await expect(lives.present()).rejects.toThrow();
    await dockerd.up();
    const after = await lives.present();
    expect([before.lasts(), after.lasts()]).toEqual([false, true]);
  }
  const last = await lives.present();
  lives.close();
  await until("the end of the stream", () => !last.lasts());
  // Its own end is nobody's news.
  expect(ends).toBe(2);
}, 60_000);

/** Streams that end at the very moment that a test says: a daemon's do not. */
function streams() {
  const opened: PassThrough[] = [];
  const notAsked = () => Promise.reject(new Error("not asked for"));
  const engine: Engine = {
    call: notAsked,
    run: notAsked,
    async open() {
      const stream = new PassThrough();
      opened.push(stream);
      return stream;
    },
  };
  return { lives: createEngineLives(engine), opened };
}

test("a life that begins between the last two events of the one before is known, and ends with the rest", async () => {
  const { lives, opened } = streams();
  await lives.present();
  opened[0]?.emit("end");
  const second = await lives.present();
  opened[0]?.emit("close");
  expect(await lives.present()).toBe(second);
  lives.close();
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([false, true]);
});

test("a stream that is opened as the worker ends does not stay", async () => {
  const { lives, opened } = streams();
  const present = lives.present();
  lives.close();
  await present;
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true]);
});

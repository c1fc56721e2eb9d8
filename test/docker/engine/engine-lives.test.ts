import { expect, test } from "bun:test";
import { createEngine } from "../../../src/docker/engine/engine.ts";
import { createEngineLives } from "../../../src/docker/engine/engine-lives.ts";
import { testEnvironment } from "../../support/environment.ts";
import { PrivateDockerd } from "../../support/private-dockerd.ts";
import { until } from "../../support/until.ts";

test("a life of the daemon lasts until it is restarted, and is another one then", async () => {
  await using dockerd = await PrivateDockerd.start({ mark: testEnvironment().run });
  const lives = createEngineLives(createEngine(dockerd.docker.modem));
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
}, 60_000);

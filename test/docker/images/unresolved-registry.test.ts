import { expect, test } from "bun:test";
import { join } from "node:path";
import { createEngine } from "../../../src/docker/engine/engine.ts";
import { createEngineWatch } from "../../../src/docker/engine/engine-watch.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { testEnvironment } from "../../support/environment.ts";
import { testImage } from "../../support/images.ts";
import { NameServer } from "../../support/name-server.ts";
import { PrivateDockerd } from "../../support/private-dockerd.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { until } from "../../support/until.ts";
import { realImages } from "./real-images.ts";

test("a name server that fails for a moment costs no pull", async () => {
  const environment = testEnvironment();
  using names = await NameServer.start();
  await using dockerd = await PrivateDockerd.start({ mark: environment.run });
  const file = join(dockerd.folder, "resolv.conf");
  await Bun.write(file, `nameserver ${names.address}\n`);
  await dockerd.down("SIGTERM");
  const mounting = Bun.spawn([...dockerd.within, "mount", "--bind", file, "/etc/resolv.conf"]);
  expect(await mounting.exited).toBe(0);
  await dockerd.up();
  const pushed = await testImage(environment, "unresolved", { layers: [[{ path: "a", content: "a" }]] });
  const image = pushed.reference.replace("127.0.0.1", "registry.test");

  names.isFailing = true;
  const engine = createEngine(dockerd.docker.modem);
  const { images, log } = realImages({ engine, watch: createEngineWatch(engine, systemClock, recordedLog()) });
  const answer = images.pull(image, "configured", new AbortController().signal);
  await until("the first failure", () => log.messages("warn").length > 0, 20_000);
  expect(names.asked).toBeGreaterThan(0);
  expect(log.lines[0]?.fields).toMatchObject({ reason: "unreachable", said: expect.stringContaining("lookup") });
  names.isFailing = false;
  expect(await answer).toMatchObject({ ok: true, imageId: pushed.id });
}, 60_000);

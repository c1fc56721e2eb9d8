import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createEngine, type Engine } from "../../../src/docker/engine/engine.ts";
import {
  createVolume,
  inspectContainer,
  inspectVolume,
  removeContainer,
  removeVolume,
} from "../../../src/docker/engine/engine-objects.ts";
import { testEnvironment } from "../../support/environment.ts";
import { PrivateDockerd } from "../../support/private-dockerd.ts";

describe("what is not there", () => {
  const engine = createEngine(testEnvironment().docker.modem);
  const name = testEnvironment().name("nothing");

  test("is undefined where it is looked at", async () => {
    expect(await inspectContainer(engine, name)).toBeUndefined();
    expect(await inspectVolume(engine, name)).toBeUndefined();
  });
  test("is gone where it is removed", async () => {
    await removeContainer(engine, name);
    expect(await removeVolume(engine, name)).toBe(true);
  });
});

describe("a volume, after the engine's restart", () => {
  let dockerd: PrivateDockerd;
  let engine: Engine;
  beforeAll(async () => {
    dockerd = await PrivateDockerd.start({ mark: testEnvironment().run });
    engine = createEngine(dockerd.docker.modem);
  }, 60_000);
  afterAll(() => dockerd.stop(), 60_000);

  test("is told with the labels that it has to whoever wants to create it", async () => {
    await createVolume(engine, "claim", { owner: "first" });
    await dockerd.down("SIGKILL");
    await dockerd.up();
    expect((await createVolume(engine, "claim", { owner: "second" })).Labels).toEqual({ owner: "first" });
    expect((await inspectVolume(engine, "claim"))?.Labels).toEqual({ owner: "first" });
  });

  test("is made anew where the engine went down before it had written the labels", async () => {
    await dockerd.docker.createVolume({ Name: "unfinished" });
    expect((await createVolume(engine, "unfinished", { owner: "mine" })).Labels).toEqual({ owner: "mine" });
    expect((await inspectVolume(engine, "unfinished"))?.Labels).toEqual({ owner: "mine" });
  });
});

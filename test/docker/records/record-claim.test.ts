import { expect, test } from "bun:test";
import Docker from "dockerode";
import { createEngine, type Engine } from "../../../src/docker/engine/engine.ts";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { createEngineWatch } from "../../../src/docker/engine/engine-watch.ts";
import { createExecutionsHere } from "../../../src/docker/records/executions-here.ts";
import { createLedger } from "../../../src/docker/records/ledger.ts";
import { randomToken } from "../../../src/docker/records/object-names.ts";
import { recordClaim } from "../../../src/docker/records/record-claim.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { DockerRelay } from "../../support/docker-relay.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { RecordsScene } from "./records-scene.ts";

const EXECUTION = { taskId: "t", executionId: "1" };

function optionsOf(scene: RecordsScene, engine: Engine) {
  const records = scene.recordsOf(scene.living, scene.seals, engine);
  return {
    records,
    ledger: createLedger(records),
    watch: createEngineWatch(engine, systemClock, recordedLog()),
    here: createExecutionsHere(),
    doubtAbout: async () => undefined,
  };
}

test("a claim whose answer was lost is found again", async () => {
  await using scene = new RecordsScene();
  using relay = await DockerRelay.start(scene.environment.dockerHost);
  const options = optionsOf(scene, createEngine(new Docker({ socketPath: relay.socketPath }).modem));
  const lost = relay.next(/^POST .*\/volumes\/create/, "lose-answer");
  expect(await recordClaim(options, EXECUTION)).toMatchObject({ kind: "claimed", held: { phase: "open" } });
  await lost;
  expect(await scene.volumes()).toHaveLength(1);
  expect(options.here.has(EXECUTION)).toBe(true);
  options.watch.stop();
});

test("a failure behind the record: the refusal says that the claim may stand", async () => {
  await using scene = new RecordsScene();
  // It must make options.
  await scene.container("t", randomToken(), scene.dead);
  const { engine } = scene;
  const broken: Engine = {
    ...engine,
    run: () => Promise.reject(new EngineError("status", "a failure of the engine's own", 500)),
  };
  const options = optionsOf(scene, broken);
  expect(await recordClaim(options, EXECUTION)).toMatchObject({ kind: "refused", mayStand: true });
  expect(await scene.volumes()).toHaveLength(1);
  expect(options.here.has(EXECUTION)).toBe(false);
});

test("a daemon that cannot be asked: the refusal stands, at once", async () => {
  await using scene = new RecordsScene();
  const options = optionsOf(scene, createEngine(new Docker({ socketPath: "/nowhere/docker.sock" }).modem));
  expect(await recordClaim(options, EXECUTION)).toMatchObject({ kind: "refused", mayStand: false });
  options.watch.stop();
});

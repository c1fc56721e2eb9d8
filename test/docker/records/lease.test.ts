import { describe, expect, test } from "bun:test";
import type { Engine } from "../../../src/docker/engine/engine.ts";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { createExecutionsHere } from "../../../src/docker/records/executions-here.ts";
import type { HeldExecution } from "../../../src/docker/records/held-execution.ts";
import { createLease } from "../../../src/docker/records/lease.ts";
import { createLeaseLooks } from "../../../src/docker/records/lease-looks.ts";
import { randomToken, recordNames } from "../../../src/docker/records/object-names.ts";
import { loseIfTaken } from "../../../src/docker/records/still-held.ts";
import { createTakeover } from "../../../src/docker/records/takeover.ts";
import { encodeOwner } from "../../../src/host/owner.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";
import { RecordsScene } from "./records-scene.ts";

const EXECUTION = { taskId: "t", executionId: "1" };

function leaseOn(scene: RecordsScene, engine: Engine = scene.engine) {
  const token = randomToken();
  const clock = new ManualClock();
  const owner = { ...scene.living, lease: token };
  const doubted: number[] = [];
  const records = { ...scene.recordsOf(owner, scene.seals, engine), owner: encodeOwner(owner) };
  const lease = createLease({ records, token, clock, onDoubt: async () => void doubted.push(clock.now()) });
  const name = (number: number) => recordNames.lease(token, number);
  return { lease, clock, name, doubts: () => doubted.length };
}

describe("a lease", () => {
  test("moves while its worker lives, one volume at a time, and goes with it", async () => {
    await using scene = new RecordsScene();
    const { lease, clock, name, doubts } = leaseOn(scene);
    await lease.start();
    expect(await scene.volumes()).toEqual([name(1)]);
    clock.advance(20_000);
    await until("its renewal", async () => (await scene.volumes()).join() === name(2));
    expect([lease.isDoubtful(), doubts()]).toEqual([false, 0]);
    await lease.stop();
    expect(await scene.volumes()).toEqual([]);
    expect(clock.pending()).toEqual([]);
  });

  test("is doubtful after a minute without renewal, and for a while after", async () => {
    await using scene = new RecordsScene();
    const { lease, clock, name, doubts } = leaseOn(scene);
    await lease.start();
    clock.standStill(59_000);
    expect(lease.isDoubtful()).toBe(false);
    clock.standStill(1_000);
    expect(lease.isDoubtful()).toBe(true);
    await lease.renew();
    expect([lease.isDoubtful(), doubts()]).toEqual([true, 1]);
    clock.standStill(45_000);
    expect(lease.isDoubtful()).toBe(false);
    expect(await scene.volumes()).toEqual([name(2)]);
    await lease.stop();
  });

  test("that cannot be made is tried again soon, and leaves nothing", async () => {
    await using scene = new RecordsScene();
    let isFull = true;
    const engine: Engine = {
      ...scene.engine,
      call: (request, schema) =>
        isFull && request.path.endsWith("/volumes/create")
          ? Promise.reject(new EngineError("status", "no space left on device", 500))
          : scene.engine.call(request, schema),
    };
    const { lease, clock, name } = leaseOn(scene, engine);
    await lease.start();
    clock.standStill(70_000);
    expect(lease.isDoubtful()).toBe(true);
    isFull = false;
    clock.advance(0);
    await until("its first", async () => (await scene.volumes()).join() === name(2));
    await lease.stop();
    expect(await scene.volumes()).toEqual([]);
  });
});

test("what another worker has taken over is let go of, and what a prune has taken the claim of is not", async () => {
  await using scene = new RecordsScene();
  const records = scene.recordsOf(scene.living);
  const here = createExecutionsHere();
  const attempt = randomToken();
  const lost: string[] = [];
  const held: HeldExecution = { execution: EXECUTION, attempt, phase: "open", onLost: () => void lost.push(attempt) };
  here.add(held);
  const container = await scene.container("t", attempt, scene.living, 0);
  const { Name } = await container.inspect();
  held.container = { id: container.id, name: Name.slice(1) };
  expect(await loseIfTaken(records, here, held)).toBe(false);
  await scene.ledgerOf(scene.living).claim(EXECUTION, attempt);
  expect(await loseIfTaken(records, here, held)).toBe(false);
  const takeover = createTakeover(scene.recordsOf(scene.other), scene.other, createLeaseLooks(new ManualClock()));
  await takeover.take({
    attempt,
    execution: EXECUTION,
    labels: {},
    heirs: [],
    isForeign: false,
    foreignRecords: [],
    isKept: false,
    isCopy: false,
  });
  expect(await loseIfTaken(records, here, held)).toBe(true);
  expect([lost.length, here.all().length]).toEqual([1, 0]);
});

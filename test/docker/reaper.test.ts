import { describe, expect, test } from "bun:test";
import type Docker from "dockerode";
import { reap } from "../../src/docker/reaper.ts";
import { LABELS } from "../../src/docker/records/labels.ts";
import { recordNames } from "../../src/docker/records/object-names.ts";
import { encodeOwner, type Owner } from "../../src/docker/records/owner.ts";
import { createTakeover } from "../../src/docker/records/takeover.ts";
import { recordedLog } from "../support/recorded-log.ts";
import { RecordsScene } from "./records/records-scene.ts";

const EXECUTION = { taskId: "t", executionId: "1" };
const IN_TWO_MINUTES = () => Date.now() + 120_000;

function clear(scene: RecordsScene, now = IN_TWO_MINUTES): Promise<void> {
  return reap(scene.engine, scene.living, recordedLog(), now);
}

function volume(scene: RecordsScene, kind: string, owner: Owner): Promise<unknown> {
  return scene.docker.createVolume({
    Name: `oz-agent-worker.${kind}.${crypto.randomUUID()}`,
    Labels: {
      [LABELS.kind]: kind,
      [LABELS.workerId]: scene.workerId,
      [LABELS.attempt]: crypto.randomUUID(),
      [LABELS.owner]: encodeOwner(owner),
      [LABELS.createdAt]: String(Date.now()),
    },
  });
}

/** As the worker commits it for a copy; answers its id. */
async function servingImage(container: Docker.Container, owner: Owner): Promise<string> {
  const Labels = {
    [LABELS.kind]: "sidecar-source",
    [LABELS.owner]: encodeOwner(owner),
    [LABELS.createdAt]: String(Date.now()),
  };
  const { Id }: { Id: string } = await container.commit({ Labels });
  return Id;
}

describe("is removed", () => {
  test("what dead workers have left half-way", async () => {
    await using scene = new RecordsScene();
    for (const kind of ["sidecar", "private", "verdict", "heir"]) await volume(scene, kind, scene.dead);
    await clear(scene);
    expect(await scene.volumes()).toEqual([]);
  });

  test("all of an execution whose result is with Oz, its worker being dead", async () => {
    await using scene = new RecordsScene();
    const attempt = crypto.randomUUID();
    const ledger = scene.ledgerOf(scene.dead);
    await ledger.claim(EXECUTION, attempt);
    await ledger.verdict(EXECUTION, attempt, { kind: "stopped", cause: "cancelled" });
    await scene.container("t", attempt, scene.dead, 0);
    await ledger.done(EXECUTION, attempt);
    await clear(scene);
    expect(await scene.volumes()).toEqual([]);
    expect(await scene.containers()).toBe(0);
  });

  test("the same where the mark was made by a daemon that went down", async () => {
    await using scene = new RecordsScene();
    const attempt = crypto.randomUUID();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, attempt);
    await scene.docker.createVolume({ Name: recordNames.done(attempt) });
    await clear(scene, Date.now);
    expect(await scene.volumes()).toHaveLength(1);
    await clear(scene);
    expect(await scene.volumes()).toEqual([]);
    await expect(scene.docker.getVolume(recordNames.done(attempt)).inspect()).rejects.toThrow("no such volume");
  });

  test("the image that served a dead worker's copy, and not the one that it was made from", async () => {
    await using scene = new RecordsScene();
    const { id } = await scene.image();
    const container = await scene.container("t", crypto.randomUUID(), scene.dead);
    const made = await Promise.all([scene.dead, scene.living].map((owner) => servingImage(container, owner)));
    await container.remove();
    await clear(scene);
    const left = (await scene.docker.listImages()).map(({ Id }) => Id);
    expect(made.map((image) => left.includes(image))).toEqual([false, true]);
    expect(left).toContain(id);
    // Nobody copies for so long.
    await clear(scene, () => Date.now() + 3 * 3_600_000);
    expect((await scene.docker.listImages()).map(({ Id }) => Id)).not.toContain(made[1]);
  });

  test("a volume without any label, after a decent time", async () => {
    await using scene = new RecordsScene();
    const name = recordNames.verdict(crypto.randomUUID());
    await scene.docker.createVolume({ Name: name });
    await clear(scene);
    await expect(scene.docker.getVolume(name).inspect()).rejects.toThrow("no such volume");
  });
});

describe("stays", () => {
  test("what belongs to a worker that lives, or cannot be judged", async () => {
    await using scene = new RecordsScene();
    const owners = [scene.living, { ...scene.dead, pidNamespace: "pid:[1]" }];
    for (const owner of owners) for (const kind of ["sidecar", "private", "verdict"]) await volume(scene, kind, owner);
    await clear(scene);
    expect(await scene.volumes()).toHaveLength(6);
  });

  test("a task whose result is not with Oz, with all its records", async () => {
    await using scene = new RecordsScene();
    const attempt = crypto.randomUUID();
    const ledger = scene.ledgerOf(scene.dead);
    await ledger.claim(EXECUTION, attempt);
    await ledger.verdict(EXECUTION, attempt, { kind: "stopped", cause: "cancelled" });
    await createTakeover(scene.engine, scene.workerId, scene.dead).take({ attempt, labels: {} }, []);
    await scene.container("t", attempt, scene.dead, 0);
    await clear(scene);
    expect(await scene.volumes()).toHaveLength(3);
    expect(await scene.containers()).toBe(1);
  });

  test("a fresh record, whose subject may just be coming", async () => {
    await using scene = new RecordsScene();
    await volume(scene, "verdict", scene.dead);
    await clear(scene, Date.now);
    expect(await scene.volumes()).toHaveLength(1);
  });

  test("what is not ours", async () => {
    await using scene = new RecordsScene();
    const name = scene.environment.name(`foreign-${crypto.randomUUID().slice(0, 8)}`);
    const foreign = await scene.docker.createVolume({ Name: name });
    await clear(scene);
    expect((await scene.docker.getVolume(foreign.name).inspect()).Name).toBe(name);
    await scene.docker.getVolume(name).remove();
  });
});

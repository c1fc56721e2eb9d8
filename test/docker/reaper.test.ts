import { describe, expect, test } from "bun:test";
import type Docker from "dockerode";
import { createReaper } from "../../src/docker/reaper.ts";
import { executionLabels, LABELS, type LabelMap } from "../../src/docker/records/labels.ts";
import { createLeaseLooks } from "../../src/docker/records/lease-looks.ts";
import {
  keptName,
  randomToken,
  recordNames,
  sidecarNames,
  taskContainerName,
} from "../../src/docker/records/object-names.ts";
import { createSeals, type Seals } from "../../src/docker/records/seals.ts";
import { helperLabels } from "../../src/docker/sidecars/content-maker.ts";
import { encodeOwner, type Owner } from "../../src/host/owner.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { recordedLog } from "../support/recorded-log.ts";
import { RecordsScene } from "./records/records-scene.ts";

const EXECUTION = { taskId: "t", executionId: "1" };
const IN_TWO_MINUTES = () => Date.now() + 120_000;

async function clear(scene: RecordsScene, now = IN_TWO_MINUTES): Promise<ReturnType<typeof recordedLog>> {
  const log = recordedLog();
  const { engine, seals, living: self } = scene;
  await createReaper({
    engine,
    seals,
    self,
    clock: new ManualClock(),
    leases: createLeaseLooks(new ManualClock()),
    log,
    now,
  }).reap();
  return log;
}

/** Two sweeps of a process, with more than two hours between them by its own clock. */
async function clearForgotten(scene: RecordsScene): Promise<ReturnType<typeof recordedLog>> {
  const log = recordedLog();
  const clock = new ManualClock();
  const { engine, seals, living: self } = scene;
  const reaper = createReaper({
    engine,
    seals,
    self,
    clock,
    leases: createLeaseLooks(clock),
    log,
    now: IN_TWO_MINUTES,
  });
  await reaper.reap();
  clock.advance(2 * 3_600_000 + 1);
  await reaper.reap();
  return log;
}

/** A record or a copy as a worker makes it; answers its name. */
async function volume(
  scene: RecordsScene,
  kind: "sidecar" | "private" | "verdict" | "heir",
  owner: Owner,
  seals: Seals = scene.seals,
  change: LabelMap = {},
): Promise<string> {
  const attempt = randomToken();
  const names = {
    sidecar: () => sidecarNames.volume(randomToken()),
    private: () => sidecarNames.privateCopy(attempt, 0, randomToken()),
    verdict: () => recordNames.verdict(seals, EXECUTION, attempt),
    heir: () => recordNames.heir(seals, EXECUTION, attempt, 1),
  };
  const name = names[kind]();
  const Labels = seals.seal(name, executionLabels(kind, scene.recordsOf(owner), EXECUTION, attempt));
  await scene.docker.createVolume({ Name: name, Labels: { ...Labels, ...change } });
  return name;
}

/** As the worker commits it for a copy; answers its tag. */
async function servingImage(scene: RecordsScene, container: Docker.Container, owner: Owner): Promise<string> {
  const token = randomToken();
  const tag = sidecarNames.image(token);
  const Labels = helperLabels(scene.makerOf(owner), tag, "sha256:1");
  await container.commit({ repo: "oz-agent-worker.sidecar-source", tag: token, Labels });
  return tag;
}

async function tags(scene: RecordsScene): Promise<readonly string[]> {
  return (await scene.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
}

describe("is removed", () => {
  test("what dead workers have left half-way", async () => {
    await using scene = new RecordsScene();
    for (const kind of ["sidecar", "private", "verdict", "heir"] as const) await volume(scene, kind, scene.dead);
    await clear(scene);
    expect(await scene.volumes()).toEqual([]);
  });

  test("what is left of a task whose claim was dropped, its worker being dead: one that ended, one that never began", async () => {
    await using scene = new RecordsScene();
    const attempt = randomToken();
    await scene.ledgerOf(scene.dead).verdict(EXECUTION, attempt, { kind: "stopped", cause: "cancelled" });
    await scene.container("t", attempt, scene.dead, 0);
    await scene.container("u", randomToken(), scene.dead);
    await clear(scene);
    await clear(scene);
    expect(await scene.volumes()).toEqual([]);
    expect(await scene.containers()).toBe(0);
  });

  test("the image that served a dead worker's copy, by its tag, and not the one that it was made from", async () => {
    await using scene = new RecordsScene();
    const { reference } = await scene.image();
    const container = await scene.container("t", randomToken(), scene.other);
    const made = await Promise.all([scene.dead, scene.living].map((owner) => servingImage(scene, container, owner)));
    await container.remove();
    await clear(scene);
    const left = await tags(scene);
    expect(made.map((tag) => left.includes(tag))).toEqual([false, true]);
    expect(left).toContain(reference);
    // Nobody copies for so long.
    await clearForgotten(scene);
    expect(await tags(scene)).not.toContain(made[1]);
  });

  test("a volume without any label under an exact name of ours, after a decent time", async () => {
    await using scene = new RecordsScene();
    const name = recordNames.verdict(scene.seals, EXECUTION, randomToken());
    await scene.docker.createVolume({ Name: name });
    await clear(scene, Date.now);
    await scene.docker.getVolume(name).inspect();
    await clear(scene);
    await expect(scene.docker.getVolume(name).inspect()).rejects.toThrow("no such volume");
  });
});

describe("stays", () => {
  test("what belongs to a worker that lives, or cannot be judged", async () => {
    await using scene = new RecordsScene();
    const owners = [scene.living, scene.other, { ...scene.dead, pidNamespace: "pid:[1]" }];
    for (const owner of owners) {
      for (const kind of ["sidecar", "private", "verdict"] as const) await volume(scene, kind, owner);
      await scene.container(owner.pid.toString(), randomToken(), owner, 0);
    }
    await clear(scene);
    expect(await scene.volumes()).toHaveLength(9);
    expect(await scene.containers()).toBe(3);
  });

  test("a task whose result is not with Oz, with all its records", async () => {
    await using scene = new RecordsScene();
    const attempt = randomToken();
    const ledger = scene.ledgerOf(scene.dead);
    await ledger.claim(EXECUTION, attempt);
    await ledger.verdict(EXECUTION, attempt, { kind: "stopped", cause: "cancelled" });
    await scene.container("t", attempt, scene.dead, 0);
    await clear(scene);
    expect(await scene.volumes()).toHaveLength(2);
    expect(await scene.containers()).toBe(1);
  });

  test("a task's container that is kept for people", async () => {
    await using scene = new RecordsScene();
    const attempt = randomToken();
    const container = await scene.container("t", attempt, scene.dead, 0);
    await container.rename({ name: keptName(taskContainerName(scene.workerId, EXECUTION), attempt) });
    await clear(scene);
    expect(await scene.containers()).toBe(1);
  });

  test("a fresh record, whose subject may just be coming", async () => {
    await using scene = new RecordsScene();
    await volume(scene, "verdict", scene.dead);
    await clear(scene, Date.now);
    expect(await scene.volumes()).toHaveLength(1);
  });

  test("whatever runs, our own too: people are told", async () => {
    await using scene = new RecordsScene();
    const container = await scene.container("t", randomToken(), scene.dead, undefined, 0, "sleep 100;");
    await container.start();
    const log = await clearForgotten(scene);
    expect((await container.inspect()).State.Running).toBe(true);
    expect(log.messages("warn").join()).toContain("docker rm -f");
  });
});

describe("is nobody's business, whatever its labels say", () => {
  const UNSEALED: LabelMap = { [LABELS.seal]: "" };

  test("a volume without a seal, with another key's, with a changed label, or with another name", async () => {
    await using scene = new RecordsScene();
    const kinds = ["sidecar", "private", "verdict", "heir"] as const;
    for (const kind of kinds) {
      await volume(scene, kind, scene.dead, scene.seals, UNSEALED);
      await volume(scene, kind, scene.dead, createSeals("another key"));
      await volume(scene, kind, scene.other, scene.seals, { [LABELS.owner]: encodeOwner(scene.dead) });
      await volume(scene, kind, scene.dead, scene.seals, { [LABELS.createdAt]: "0" });
      const { Labels } = await scene.docker.getVolume(await volume(scene, kind, scene.dead)).inspect();
      await scene.docker.createVolume({ Name: scene.environment.name(`${kind}-${randomToken()}`), Labels });
    }
    await clearForgotten(scene);
    expect(await scene.volumes()).toHaveLength(kinds.length * 5);
  });

  test("a volume that an operator has named in our way", async () => {
    await using scene = new RecordsScene();
    const token = randomToken();
    const names = [
      "cache",
      "sidecar",
      "sidecar.cache",
      `sidecar.${token}0`,
      `sidecar.${token.slice(1)}`,
      `done.${crypto.randomUUID()}`,
      `claim.${token}`,
      `private.${token}.0`,
      `verdict.${token}.json`,
    ].map((name) => `oz-agent-worker.${name}`);
    const label = { "oz-test.run": scene.environment.run };
    for (const Name of names) {
      await scene.docker.createVolume({ Name });
      await scene.docker.createVolume({ Name: Name.replace(".", `.${token}-`), Labels: label });
    }
    await clear(scene, () => Date.now() + 30 * 24 * 3_600_000);
    for (const name of names) {
      for (const one of [name, name.replace(".", `.${token}-`)]) await scene.docker.getVolume(one).remove();
    }
  });

  test("a container with our labels from its image, a copy of ours under our name, and one of another name", async () => {
    await using scene = new RecordsScene();
    const attempt = randomToken();
    const ours = await scene.container("t", attempt, scene.dead, 0);
    const { Config, Image } = await ours.inspect();
    await ours.remove();
    const name = taskContainerName(scene.workerId, EXECUTION);
    const old = { ...Config.Labels, [LABELS.createdAt]: String(Date.now() - 100_000) };
    const copies: [string, LabelMap][] = [
      [name, scene.seals.seal(name, old)],
      [`${name}-spare`, Config.Labels],
      [scene.environment.name(`copy-${attempt}`), Config.Labels],
      [`oz-agent-worker.sidecar-source.${randomToken()}`, { ...Config.Labels, [LABELS.kind]: "sidecar-source" }],
    ];
    for (const [copy, Labels] of copies) {
      const made = await scene.docker.createContainer({ name: copy, Image, Cmd: ["true"], Labels });
      await made.start();
      await made.wait();
    }
    await clearForgotten(scene);
    expect(await scene.containers()).toBe(copies.length);
  });

  test("an image whose labels say that it served a copy, with a tag of its own", async () => {
    await using scene = new RecordsScene();
    const container = await scene.container("t", randomToken(), scene.other);
    const repo = scene.environment.name("tenant");
    const Labels = helperLabels(scene.makerOf(scene.dead), sidecarNames.image(randomToken()), "sha256:1");
    await container.commit({ repo, tag: "app", Labels: { ...Labels, [LABELS.createdAt]: "0" } });
    const imitation = randomToken();
    await container.commit({ repo: "oz-agent-worker.sidecar-source", tag: imitation, Labels });
    await clearForgotten(scene);
    const left = await tags(scene);
    expect(left).toContain(`${repo}:app`);
    expect(left).toContain(sidecarNames.image(imitation));
    await scene.docker.getImage(`${repo}:app`).remove();
    await scene.docker.getImage(sidecarNames.image(imitation)).remove();
  });

  test("an object that cannot be judged or removed keeps no other from its end", async () => {
    await using scene = new RecordsScene();
    const odd = JSON.stringify({ ...scene.dead, container: { id: "%zz", startedAt: "" } });
    await volume(scene, "sidecar", scene.dead, scene.seals, { [LABELS.owner]: odd });
    for (const id of ["%zz", "x/export?x=", ".."]) {
      const container = { id, startedAt: "" };
      await volume(scene, "verdict", { ...scene.dead, container });
    }
    const rubbish = await volume(scene, "verdict", scene.dead);
    await clear(scene);
    expect(await scene.volumes()).not.toContain(rubbish);
    expect(await scene.volumes()).toHaveLength(4);
  });
});

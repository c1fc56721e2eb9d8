import { describe, expect, test } from "bun:test";
import { type Adopted, createAdoption } from "../../../src/docker/records/adoption.ts";
import { keptName, randomToken } from "../../../src/docker/records/object-names.ts";
import { encodeOwner, type Owner } from "../../../src/docker/records/owner.ts";
import { createTakeover } from "../../../src/docker/records/takeover.ts";
import type { Execution } from "../../../src/task/execution.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { RecordsScene } from "./records-scene.ts";

const EXECUTION = { taskId: "t", executionId: "1" };

/** One look of a worker; what it takes over. */
async function look(scene: RecordsScene, self: Owner, isHeld = (_: Execution) => false, log = recordedLog()) {
  const { engine, workerId } = scene;
  const adoption = createAdoption({
    engine,
    workerId,
    ledger: scene.ledgerOf(self),
    takeover: createTakeover(engine, workerId, self),
    owner: encodeOwner(self),
    log,
    isHeld,
  });
  const found: Adopted[] = [];
  await adoption.adopt((adopted) => found.push(adopted));
  return found;
}

describe("of a dead worker", () => {
  test("a claim alone is taken over", async () => {
    await using scene = new RecordsScene();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, "a1");
    expect(await look(scene, scene.living)).toEqual([{ execution: EXECUTION, attempt: "a1" }]);
  });

  test("a claim with a verdict is taken over with it", async () => {
    await using scene = new RecordsScene();
    const ledger = scene.ledgerOf(scene.dead);
    const attempt = crypto.randomUUID();
    const verdict = { kind: "failed", reason: "image_pull", detail: "no" } as const;
    await ledger.claim(EXECUTION, attempt);
    await ledger.verdict(EXECUTION, attempt, verdict);
    expect(await look(scene, scene.living)).toMatchObject([{ attempt, verdict }]);
  });

  test("a container that ended is taken over, with its claim or without", async () => {
    await using scene = new RecordsScene();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, "a1");
    await scene.container("t", "a1", scene.dead, 7);
    await scene.container("u", "a2", scene.dead, 8);
    const found = await look(scene, scene.living);
    expect(found.map(({ attempt, container }) => [attempt, container?.State.ExitCode]).sort()).toEqual([
      ["a1", 7],
      ["a2", 8],
    ]);
  });

  test("a container that nobody was ever told of is removed", async () => {
    await using scene = new RecordsScene();
    await scene.container("t", "a1", scene.dead);
    expect(await look(scene, scene.living)).toEqual([]);
    expect(await scene.containers()).toBe(0);
  });

  test("what Oz knows already is nobody's to report, and is cleared away", async () => {
    await using scene = new RecordsScene();
    const ledger = scene.ledgerOf(scene.dead);
    const attempt = crypto.randomUUID();
    await ledger.claim(EXECUTION, attempt);
    await scene.container("t", attempt, scene.dead, 0);
    await ledger.done(EXECUTION, attempt);
    expect(await look(scene, scene.living)).toEqual([]);
    expect([await scene.volumes(), await scene.containers()]).toEqual([[], 0]);
  });

  test("a container that is kept stays, and its claim goes", async () => {
    await using scene = new RecordsScene();
    const attempt = randomToken();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, attempt);
    const container = await scene.container("t", attempt, scene.dead, 0);
    await container.rename({ name: keptName(`oz-task-${scene.workerId}`, attempt) });
    expect(await look(scene, scene.living)).toEqual([]);
    expect([await scene.volumes(), await scene.containers()]).toEqual([[], 1]);
  });
});

describe("nothing is taken over", () => {
  test("of a worker that lives, nor what is held here, nor another worker id's", async () => {
    await using scene = new RecordsScene();
    await using other = new RecordsScene();
    await scene.ledgerOf(scene.living).claim(EXECUTION, "a1");
    await scene.ledgerOf(scene.dead).claim({ taskId: "held", executionId: "1" }, "a2");
    await other.ledgerOf(other.dead).claim(EXECUTION, "a3");
    const self = { ...scene.living, pid: 1 };
    expect(await look(scene, self, ({ taskId }) => taskId === "held")).toEqual([]);
    expect(await scene.volumes()).toHaveLength(2);
  });

  test("of one that cannot be judged; the log says so once for all looks of a worker", async () => {
    await using scene = new RecordsScene();
    await scene.ledgerOf({ ...scene.dead, pidNamespace: "pid:[1]" }).claim(EXECUTION, "a1");
    const log = recordedLog();
    expect(await look(scene, scene.living, () => false, log)).toEqual([]);
    expect(log.messages("warn")).toHaveLength(1);
    expect(log.text()).toContain("docker volume rm");
  });
});

describe("several heirs", () => {
  const heir = (scene: RecordsScene, pid: number): Owner => ({ ...scene.living, pid });

  test("at once: one gets it", async () => {
    await using scene = new RecordsScene();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, "a1");
    const found = await Promise.all([11, 12, 13, 14].map((pid) => look(scene, heir(scene, 2 ** 22 + pid))));
    expect(found.flat()).toHaveLength(1);
  });

  test("one after another, each dying: the last one gets it still", async () => {
    await using scene = new RecordsScene();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, "a1");
    for (const pid of [21, 22, 23]) expect(await look(scene, heir(scene, 2 ** 22 + pid))).toHaveLength(1);
    expect(await look(scene, scene.living)).toHaveLength(1);
  });

  test("one whose takeover broke off half-way goes on with it", async () => {
    await using scene = new RecordsScene();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, "a1");
    expect(await look(scene, scene.living)).toHaveLength(1);
    expect(await look(scene, scene.living)).toHaveLength(1);
    expect(await scene.volumes()).toHaveLength(2);
  });
});

test("a claim that this process gave up is dropped", async () => {
  await using scene = new RecordsScene();
  await scene.ledgerOf(scene.living).claim(EXECUTION, "a1");
  expect(await look(scene, scene.living)).toEqual([]);
  expect(await scene.volumes()).toEqual([]);
});

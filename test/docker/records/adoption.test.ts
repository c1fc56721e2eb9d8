import { describe, expect, test } from "bun:test";
import { type Adopted, createAdoption } from "../../../src/docker/records/adoption.ts";
import { listAttempts } from "../../../src/docker/records/attempts.ts";
import { closeExecution, discardExecution } from "../../../src/docker/records/discard-execution.ts";
import { createExecutionsHere, type ExecutionsHere } from "../../../src/docker/records/executions-here.ts";
import type { HeldExecution } from "../../../src/docker/records/held-execution.ts";
import { executionLabels } from "../../../src/docker/records/labels.ts";
import { createLeaseLooks } from "../../../src/docker/records/lease-looks.ts";
import { createLedger, findVerdict } from "../../../src/docker/records/ledger.ts";
import { keptName, randomToken, recordNames, taskContainerName } from "../../../src/docker/records/object-names.ts";
import { createTakeover } from "../../../src/docker/records/takeover.ts";
import { type Owner, processStart } from "../../../src/host/owner.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { RecordsScene } from "./records-scene.ts";

const EXECUTION = { taskId: "t", executionId: "1" };

const LEASES = { lease: { isDoubtful: () => false }, leases: createLeaseLooks(new ManualClock()) };

/** One look of a worker; what it takes over. */
async function look(scene: RecordsScene, self: Owner, here: ExecutionsHere = createExecutionsHere()) {
  const records = scene.recordsOf(self);
  const takeover = createTakeover(records, self, LEASES.leases);
  const adoption = createAdoption({ records, ledger: createLedger(records), takeover, here, ...LEASES });
  const found: Adopted[] = [];
  await adoption.adopt((adopted) => found.push(adopted));
  return found;
}

describe("of a dead worker", () => {
  test("a claim alone is taken over", async () => {
    await using scene = new RecordsScene();
    const attempt = randomToken();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, attempt);
    expect(await look(scene, scene.living)).toEqual([{ execution: EXECUTION, attempt }]);
  });

  test("a claim with a verdict is taken over with it", async () => {
    await using scene = new RecordsScene();
    const ledger = scene.ledgerOf(scene.dead);
    const attempt = randomToken();
    const verdict = { kind: "failed", reason: "image_pull", detail: "no" } as const;
    await ledger.claim(EXECUTION, attempt);
    await ledger.verdict(EXECUTION, attempt, verdict);
    expect(await look(scene, scene.living)).toMatchObject([{ attempt, verdict }]);
  });

  test("a container that ended is taken over with its claim; without one nobody is told of it", async () => {
    await using scene = new RecordsScene();
    const attempt = randomToken();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, attempt);
    await scene.container("t", attempt, scene.dead, 7);
    await scene.container("u", randomToken(), scene.dead, 8);
    const found = await look(scene, scene.living);
    expect(found.map((one) => [one.attempt, one.container?.State.ExitCode])).toEqual([[attempt, 7]]);
    expect(await scene.containers()).toBe(2);
  });

  test("a container that is kept stays, and its claim goes", async () => {
    await using scene = new RecordsScene();
    const attempt = randomToken();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, attempt);
    const container = await scene.container("t", attempt, scene.dead, 0);
    await container.rename({ name: keptName(taskContainerName(scene.workerId, EXECUTION), attempt) });
    expect(await look(scene, scene.living)).toEqual([]);
    expect([await scene.volumes(), await scene.containers()]).toEqual([[], 1]);
  });
});

describe("nothing is taken over", () => {
  test("of a worker that lives, nor what is held here, nor another worker id's", async () => {
    await using scene = new RecordsScene();
    await using other = new RecordsScene();
    const execution = { taskId: "held", executionId: "1" };
    const attempt = randomToken();
    await scene.ledgerOf(scene.other).claim(EXECUTION, randomToken());
    await scene.ledgerOf(scene.dead).claim(execution, attempt);
    await other.ledgerOf(other.dead).claim(EXECUTION, randomToken());
    const held: HeldExecution = { execution, attempt, phase: "open" };
    const here = createExecutionsHere();
    here.add(held);
    expect(await look(scene, scene.living, here)).toEqual([]);
    expect(await scene.volumes()).toHaveLength(2);
  });

  test("of one that cannot be judged; the log says so once for all looks of a worker", async () => {
    await using scene = new RecordsScene();
    await scene.ledgerOf({ ...scene.dead, pidNamespace: "pid:[1]" }).claim(EXECUTION, randomToken());
    const records = scene.recordsOf(scene.living);
    const takeover = createTakeover(records, scene.living, LEASES.leases);
    const adoption = createAdoption({
      records,
      ledger: createLedger(records),
      takeover,
      here: createExecutionsHere(),
      ...LEASES,
    });
    for (const _ of [1, 2]) await adoption.adopt(() => expect.unreachable());
    expect(scene.log.messages("warn")).toHaveLength(1);
    expect(scene.log.text()).toContain("docker volume rm");
  });
});

describe("several heirs", () => {
  const heir = (scene: RecordsScene, pid: number): Owner => ({ ...scene.living, pid });

  test("at once: one gets it", async () => {
    await using scene = new RecordsScene();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, randomToken());
    // They live: who looks a moment later must not succeed an heir that he sees already.
    const children = [1, 2, 3, 4].map(() => Bun.spawn(["sleep", "60"], { stdin: "ignore" }));
    try {
      const heirs = children.map(({ pid }) => ({ ...heir(scene, pid), start: processStart(pid) ?? "" }));
      const found = await Promise.all(heirs.map((self) => look(scene, self)));
      expect(found.flat()).toHaveLength(1);
    } finally {
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(children.map(({ exited }) => exited));
    }
  });

  test("one after another, each dying: the last one gets it still", async () => {
    await using scene = new RecordsScene();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, randomToken());
    for (const pid of [21, 22, 23]) expect(await look(scene, heir(scene, 2 ** 22 + pid))).toHaveLength(1);
    expect(await look(scene, scene.living)).toHaveLength(1);
  });

  test("one whose takeover broke off half-way goes on with it", async () => {
    await using scene = new RecordsScene();
    await scene.ledgerOf(scene.dead).claim(EXECUTION, randomToken());
    expect(await look(scene, scene.living)).toHaveLength(1);
    expect(await look(scene, scene.living)).toHaveLength(1);
    expect(await scene.volumes()).toHaveLength(2);
  });
});

test("what this process gave up is cleared away", async () => {
  await using scene = new RecordsScene();
  await scene.ledgerOf(scene.living).claim(EXECUTION, randomToken());
  await scene.container("t", randomToken(), scene.living, 0);
  expect(await look(scene, scene.living)).toEqual([]);
  expect([await scene.volumes(), await scene.containers()]).toEqual([[], 0]);
});

test("a claim that somebody has taken away from under a task is made anew, and none of one that is over", async () => {
  await using scene = new RecordsScene();
  const attempt = randomToken();
  const open: HeldExecution = { execution: EXECUTION, attempt, phase: "open" };
  const over: HeldExecution = { ...open, execution: { taskId: "over", executionId: "1" }, phase: "closed" };
  const here = createExecutionsHere();
  for (const one of [open, over]) here.add(one);
  expect(await look(scene, scene.dead, here)).toEqual([]);
  expect(await scene.volumes()).toEqual([recordNames.claim(scene.workerId, EXECUTION)]);
  expect(await look(scene, scene.living)).toEqual([{ execution: EXECUTION, attempt }]);
});

test("who gives a claim of his own the attempt of a task does not come near that task's records", async () => {
  await using scene = new RecordsScene();
  const attempt = randomToken();
  const real = scene.ledgerOf(scene.other);
  await real.claim(EXECUTION, attempt);
  const container = await scene.container("t", attempt, scene.other, 0);
  await createTakeover(scene.recordsOf(scene.other), scene.other, LEASES.leases).take({
    ...(await attemptOf(scene)),
    heirs: [],
  });
  const before = await scene.volumes();
  // As a version without seals would have made it, before this worker's start.
  const other = { taskId: "imitation", executionId: "1" };
  const imitation = executionLabels("claim", scene.recordsOf(scene.dead), other, attempt);
  await scene.docker.createVolume({ Name: recordNames.claim(scene.workerId, other), Labels: imitation });
  const [adopted] = await look(scene, scene.living);
  expect(adopted).toMatchObject({ execution: other, attempt });
  expect(adopted?.container).toBeUndefined();
  const records = scene.recordsOf(scene.living);
  const ledger = createLedger(records);
  await ledger.verdict(other, attempt, { kind: "exited", exitCode: 0, oomKilled: false });
  expect(await findVerdict(records, EXECUTION, attempt)).toBeUndefined();
  const held: HeldExecution = { execution: other, attempt, phase: "open", foreignUntil: Date.now() };
  await closeExecution(records, ledger, { held, cleanup: true });
  await discardExecution(records, { held, cleanup: true });
  expect(await scene.volumes()).toEqual(before);
  expect((await container.inspect()).State.Status).toBe("exited");
  // Nor does one that comes later, by what is sealed for that attempt.
  await scene.docker.createVolume({ Name: recordNames.claim(scene.workerId, other), Labels: imitation });
  const later = { ...scene.recordsOf(scene.living), now: () => Date.now() - 60_000 };
  const takeover = createTakeover(later, scene.living, LEASES.leases);
  const adoption = createAdoption({ records: later, ledger, takeover, here: createExecutionsHere(), ...LEASES });
  await adoption.adopt(() => expect.unreachable());
  expect(scene.log.messages("warn").join()).toContain("after its start");
});

async function attemptOf(scene: RecordsScene) {
  const [seen] = await listAttempts(scene.recordsOf(scene.living));
  if (seen === undefined) throw new Error("there is no attempt");
  return seen;
}

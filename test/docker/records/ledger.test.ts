import { describe, expect, test } from "bun:test";
import { listAttempts } from "../../../src/docker/records/attempts.ts";
import { type Claiming, claimExecution } from "../../../src/docker/records/claim-execution.ts";
import { LABELS } from "../../../src/docker/records/labels.ts";
import { createLedger, decodeVerdict, findVerdict } from "../../../src/docker/records/ledger.ts";
import { randomToken, recordNames, taskContainerName } from "../../../src/docker/records/object-names.ts";
import { createSeals } from "../../../src/docker/records/seals.ts";
import { encodeOwner } from "../../../src/host/owner.ts";
import type { ExecutionResult } from "../../../src/task/execution-result.ts";
import { RecordsScene } from "./records-scene.ts";

const EXECUTION = { taskId: "t", executionId: "1" };
const MINE = randomToken();
const OURS = { kind: "claimed", attempt: MINE } as const;

describe("the text of a verdict", () => {
  test.each<ExecutionResult>([
    { kind: "exited", exitCode: 9, oomKilled: true },
    { kind: "failed", reason: "image_pull", detail: "no" },
    { kind: "failed", reason: "container_wait", detail: "gone", exitCode: 137 },
    { kind: "stopped", cause: "cancelled" },
    { kind: "stopped", cause: "shutdown", exitCode: 143 },
  ])("%j is read as it was written", (result) => {
    expect(decodeVerdict(JSON.stringify(result))).toEqual(result);
  });
  test.each([undefined, "", "{", "{}", '{"kind":"failed","reason":"else","detail":""}'])("%p is none", (text) => {
    expect(decodeVerdict(text)).toBeUndefined();
  });
});

describe("a claim", () => {
  test("is one worker's, of many at once", async () => {
    await using scene = new RecordsScene();
    const owners = Array.from({ length: 8 }, (_, index) => ({ ...scene.dead, pid: index + 1 }));
    const claims = await Promise.all(owners.map((owner) => scene.ledgerOf(owner).claim(EXECUTION, randomToken())));
    expect(claims.filter(({ kind }) => kind === "own")).toHaveLength(1);
    expect(claims.filter(({ kind }) => kind === "another's")).toHaveLength(7);
  });

  test("that this process has made already stands as it was made", async () => {
    await using scene = new RecordsScene();
    const ledger = scene.ledgerOf(scene.living);
    const first = { kind: "own", attempt: randomToken() } as const;
    expect(await ledger.claim(EXECUTION, first.attempt)).toEqual(first);
    expect(await ledger.claim(EXECUTION, randomToken())).toEqual(first);
  });

  test("is dropped by its own attempt alone", async () => {
    await using scene = new RecordsScene();
    const ledger = scene.ledgerOf(scene.living);
    const attempt = randomToken();
    await ledger.claim(EXECUTION, attempt);
    await ledger.dropClaim(EXECUTION, randomToken());
    expect(await scene.volumes()).toHaveLength(1);
    await ledger.dropClaim(EXECUTION, attempt);
    expect(await scene.volumes()).toEqual([]);
    await ledger.dropClaim(EXECUTION, attempt);
  });

  test("is never one that stands under its name and was made without this key, and leaves that alone", async () => {
    await using scene = new RecordsScene();
    const name = recordNames.claim(scene.workerId, EXECUTION);
    const { Labels } = await claimLabels(scene);
    for (const labels of [{ any: "thing" }, Labels, { ...Labels, [LABELS.owner]: encodeOwner(scene.living) }]) {
      await scene.docker.createVolume({ Name: name, Labels: labels });
      expect(await scene.ledgerOf(scene.living).claim(EXECUTION, randomToken())).toEqual({
        kind: "taken",
        volume: name,
      });
      expect((await scene.docker.getVolume(name).inspect()).Labels).toEqual(labels);
      await scene.docker.getVolume(name).remove();
    }
  });

  test("is made once more where the engine's word of its time is far from the worker's: a copy of an old one is", async () => {
    await using scene = new RecordsScene();
    const records = { ...scene.recordsOf(scene.living), now: () => Date.now() - 60_000 };
    const attempt = randomToken();
    expect(await createLedger(records).claim(EXECUTION, attempt)).toEqual({ kind: "own", attempt });
    const [seen] = await listAttempts(records);
    expect(seen).toMatchObject({ attempt, isCopy: false });
    const old = scene.seals.seal(seen?.claim?.Name ?? "", {
      ...seen?.labels,
      [LABELS.createdAt]: String(Date.now() - 60_000),
    });
    await scene.docker.getVolume(seen?.claim?.Name ?? "").remove();
    await scene.docker.createVolume({ Name: seen?.claim?.Name ?? "", Labels: old });
    expect(await listAttempts(records)).toMatchObject([{ attempt, isCopy: true }]);
  });
});

describe("a verdict", () => {
  test("holds nothing of what others said about a failure", async () => {
    await using scene = new RecordsScene();
    const attempt = randomToken();
    const failure = { kind: "failed", reason: "image_pull", detail: "no" } as const;
    await scene.ledgerOf(scene.living).verdict(EXECUTION, attempt, { ...failure, said: "inner words" });
    expect(await findVerdict(scene.recordsOf(scene.living), EXECUTION, attempt)).toEqual(failure);
    const [name = ""] = await scene.volumes();
    expect(JSON.stringify(await scene.docker.getVolume(name).inspect())).not.toContain("inner words");
  });

  test("stands, the first one; nobody can write one in advance, and what has another seal is none", async () => {
    await using scene = new RecordsScene();
    const ledger = scene.ledgerOf(scene.living);
    const records = scene.recordsOf(scene.living);
    const attempt = randomToken();
    await ledger.verdict(EXECUTION, attempt, { kind: "stopped", cause: "cancelled" });
    await ledger.verdict(EXECUTION, attempt, { kind: "exited", exitCode: 0, oomKilled: false });
    expect(await findVerdict(records, EXECUTION, attempt)).toEqual({ kind: "stopped", cause: "cancelled" });
    const [name = ""] = await scene.volumes();
    const { Labels } = await scene.docker.getVolume(name).inspect();
    await scene.docker.getVolume(name).remove();
    const forged = { ...Labels, [LABELS.verdict]: JSON.stringify({ kind: "exited", exitCode: 0, oomKilled: false }) };
    await scene.docker.createVolume({ Name: name, Labels: forged });
    expect(await findVerdict(records, EXECUTION, attempt)).toBeUndefined();
    expect(recordNames.verdict(createSeals("another key"), EXECUTION, attempt)).not.toBe(name);
  });
});

describe("an execution is claimed beside what there is of it", () => {
  async function claimed(scene: RecordsScene): Promise<Claiming> {
    const records = scene.recordsOf(scene.living);
    return await claimExecution(records, createLedger(records), EXECUTION, MINE, () => {});
  }

  test("nothing: it is ours", async () => {
    await using scene = new RecordsScene();
    expect(await claimed(scene)).toEqual(OURS);
  });

  test("a container without a claim that runs: it is refused, no claim of ours stays, and it runs on", async () => {
    await using scene = new RecordsScene();
    const container = await scene.container("t", randomToken(), scene.dead, undefined, 0, "sleep 100;");
    await container.start();
    expect(await claimed(scene)).toMatchObject({ kind: "refused", reason: expect.stringContaining("runs") });
    expect(await scene.volumes()).toEqual([]);
    expect((await container.inspect()).State.Running).toBe(true);
  });

  test("another execution's container: ours, and that one stays", async () => {
    await using scene = new RecordsScene();
    await scene.container("other", randomToken(), scene.dead, 0);
    expect(await claimed(scene)).toEqual(OURS);
    expect(await scene.containers()).toBe(1);
  });

  test("a container without a claim that ended, or was never started: it makes room", async () => {
    await using scene = new RecordsScene();
    for (const ended of [0, undefined]) {
      await scene.container("t", randomToken(), scene.other, ended);
      expect(await claimed(scene)).toEqual(OURS);
      expect(await scene.containers()).toBe(0);
      await scene.ledgerOf(scene.living).dropClaim(EXECUTION, MINE);
    }
  });

  test("a stranger's container under its name: ours, and that one stays", async () => {
    await using scene = new RecordsScene();
    const { reference } = await scene.image();
    const name = taskContainerName(scene.workerId, EXECUTION);
    const container = await scene.docker.createContainer({ name, Image: reference, Cmd: ["true"] });
    expect(await claimed(scene)).toEqual(OURS);
    expect((await container.inspect()).State.Status).toBe("created");
    await container.remove();
  });
});

/** The labels of a claim that a worker with another key has made. */
async function claimLabels(scene: RecordsScene) {
  const ledger = scene.ledgerOf(scene.living, createSeals("another key"));
  const attempt = randomToken();
  await ledger.claim(EXECUTION, attempt);
  const claim = await scene.docker.getVolume(recordNames.claim(scene.workerId, EXECUTION)).inspect();
  await ledger.dropClaim(EXECUTION, attempt);
  return claim;
}

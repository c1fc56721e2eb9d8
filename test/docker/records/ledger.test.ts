import { describe, expect, test } from "bun:test";
import { claimExecution } from "../../../src/docker/records/claim-execution.ts";
import { LABELS } from "../../../src/docker/records/labels.ts";
import { decodeVerdict, findVerdict, isDone } from "../../../src/docker/records/ledger.ts";
import { encodeOwner } from "../../../src/docker/records/owner.ts";
import type { ExecutionResult } from "../../../src/task/execution-result.ts";
import { RecordsScene } from "./records-scene.ts";

const EXECUTION = { taskId: "t", executionId: "1" };

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
    const claims = await Promise.all(
      owners.map((owner, index) => scene.ledgerOf(owner).claim(EXECUTION, `attempt-${index}`)),
    );
    expect(claims.filter((attempt) => attempt !== undefined)).toHaveLength(1);
  });

  test("that this process has made already stands as it was made", async () => {
    await using scene = new RecordsScene();
    const ledger = scene.ledgerOf(scene.living);
    expect(await ledger.claim(EXECUTION, "first")).toBe("first");
    expect(await ledger.claim(EXECUTION, "second")).toBe("first");
  });

  test("is dropped by its own attempt alone", async () => {
    await using scene = new RecordsScene();
    const ledger = scene.ledgerOf(scene.living);
    await ledger.claim(EXECUTION, "first");
    await ledger.dropClaim(EXECUTION, "second");
    expect(await scene.volumes()).toHaveLength(1);
    await ledger.dropClaim(EXECUTION, "first");
    expect(await scene.volumes()).toEqual([]);
    await ledger.dropClaim(EXECUTION, "first");
  });
});

describe("verdict and mark", () => {
  test("what others said about a failure is not recorded", async () => {
    await using scene = new RecordsScene();
    const attempt = crypto.randomUUID();
    const failure = { kind: "failed", reason: "image_pull", detail: "no" } as const;
    await scene.ledgerOf(scene.living).verdict(EXECUTION, attempt, { ...failure, said: "inner words" });
    expect(await findVerdict(scene.engine, attempt)).toEqual(failure);
    const volumes = await scene.docker.listVolumes({
      filters: JSON.stringify({ label: [`${LABELS.attempt}=${attempt}`] }),
    });
    expect(volumes.Volumes).toHaveLength(1);
    expect(JSON.stringify(volumes)).not.toContain("inner words");
  });

  test("the first verdict stands; the mark says that Oz has it", async () => {
    await using scene = new RecordsScene();
    const ledger = scene.ledgerOf(scene.living);
    const attempt = crypto.randomUUID();
    await ledger.verdict(EXECUTION, attempt, { kind: "stopped", cause: "cancelled" });
    await ledger.verdict(EXECUTION, attempt, { kind: "exited", exitCode: 0, oomKilled: false });
    expect(await findVerdict(scene.engine, attempt)).toEqual({ kind: "stopped", cause: "cancelled" });
    expect(await isDone(scene.engine, attempt)).toBe(false);
    await ledger.done(EXECUTION, attempt);
    expect(await isDone(scene.engine, attempt)).toBe(true);
  });
});

describe("an execution is claimed beside what there is of it", () => {
  async function claimed(scene: RecordsScene): Promise<string | undefined> {
    const ledger = scene.ledgerOf(scene.living);
    const room = { engine: scene.engine, ledger, workerId: scene.workerId, owner: encodeOwner(scene.living) };
    return await claimExecution(room, EXECUTION, "mine", () => {});
  }

  test("nothing: it is ours", async () => {
    await using scene = new RecordsScene();
    expect(await claimed(scene)).toBe("mine");
  });

  test("another worker's container that has run: it is his, and no claim of ours stays", async () => {
    await using scene = new RecordsScene();
    await scene.container("t", crypto.randomUUID(), scene.dead, 0);
    expect(await claimed(scene)).toBeUndefined();
    expect(await scene.volumes()).toEqual([]);
    expect(await scene.containers()).toBe(1);
  });

  test("another execution's container: ours, and that one stays", async () => {
    await using scene = new RecordsScene();
    await scene.container("other", crypto.randomUUID(), scene.dead, 0);
    expect(await claimed(scene)).toBe("mine");
    expect(await scene.containers()).toBe(1);
  });

  test("a container that Oz knows the result of: it makes room", async () => {
    await using scene = new RecordsScene();
    const attempt = crypto.randomUUID();
    await scene.container("t", attempt, scene.dead, 0);
    await scene.ledgerOf(scene.dead).done(EXECUTION, attempt);
    expect(await claimed(scene)).toBe("mine");
    expect(await scene.containers()).toBe(0);
  });

  test("a container that a dead worker's last call has made: it makes room", async () => {
    await using scene = new RecordsScene();
    await scene.container("t", crypto.randomUUID(), scene.dead);
    expect(await claimed(scene)).toBe("mine");
    expect(await scene.containers()).toBe(0);
  });
});

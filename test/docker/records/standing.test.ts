import { describe, expect, test } from "bun:test";
import { executionLabels, LABELS, type LabelMap } from "../../../src/docker/records/labels.ts";
import {
  keptName,
  randomToken,
  recordNames,
  sidecarNames,
  spareTaskContainerName,
  taskContainerName,
} from "../../../src/docker/records/object-names.ts";
import { createSeals } from "../../../src/docker/records/seals.ts";
import {
  containerStanding,
  generationOf,
  imageStanding,
  isRecordName,
  type Standing,
  volumeStanding,
} from "../../../src/docker/records/standing.ts";

const seals = createSeals("key");
const EXECUTION = { taskId: "t", executionId: "e" };
const ATTEMPT = randomToken();
const TOKEN = randomToken();
const IMAGE = `sha256:${"ab".repeat(32)}`;
const maker = { workerId: "w", owner: "{}", now: Date.now };
const labelsOf = (kind: Parameters<typeof executionLabels>[0]) => executionLabels(kind, maker, EXECUTION, ATTEMPT);

describe("a volume with the labels of a", () => {
  const names: [Parameters<typeof executionLabels>[0], string, string][] = [
    ["claim", recordNames.claim("w", EXECUTION), recordNames.claim("v", EXECUTION)],
    ["verdict", recordNames.verdict(seals, EXECUTION, ATTEMPT), recordNames.verdict(seals, EXECUTION, randomToken())],
    ["heir", recordNames.heir(seals, EXECUTION, ATTEMPT, 1), recordNames.heir(seals, EXECUTION, randomToken(), 1)],
    ["heir", recordNames.earlierHeir(ATTEMPT, 12), `${recordNames.earlierHeir(ATTEMPT, 12)}x`],
    ["private", sidecarNames.privateCopy(ATTEMPT, 0, TOKEN), sidecarNames.privateCopy(randomToken(), 0, TOKEN)],
    ["sidecar", sidecarNames.volume(TOKEN), sidecarNames.volume(`${TOKEN}0`)],
  ];
  test.each(names)("%s is ours with its seal under its very name", (kind, name, other) => {
    const standing = (Name: string, Labels: LabelMap) => volumeStanding(seals, { Name, Labels });
    const sealed = seals.seal(name, labelsOf(kind));
    expect(standing(name, sealed)).toBe("ours");
    expect(standing(name, { ...sealed, [LABELS.owner]: "another" })).toBe("forged");
    expect(standing(name, labelsOf(kind))).toBe("foreign");
    expect(standing(name, createSeals("another").seal(name, labelsOf(kind)))).toBe("foreign");
    expect(standing(other, sealed)).toBe("other");
    expect(standing(other, labelsOf(kind))).toBe("other");
    expect(standing("cache", sealed)).toBe("other");
    expect(isRecordName(name)).toBe(true);
  });
  test("done, of an earlier version, is never ours", () => {
    const volume = { Name: `oz-agent-worker.done.${ATTEMPT}`, Labels: labelsOf("done") };
    expect(volumeStanding(seals, volume)).toBe("foreign");
    expect(volumeStanding(seals, { ...volume, Name: "any" })).toBe("other");
  });
});

describe("a container with the labels of a", () => {
  const standing = (name: string, labels: LabelMap): Standing => containerStanding(seals, { name, labels });

  test("task is ours under the names that a task has, and no other", () => {
    const base = taskContainerName("w", EXECUTION);
    const spare = spareTaskContainerName(seals, base, ATTEMPT);
    const sealed = seals.seal(base, labelsOf("task"));
    for (const name of [base, spare, keptName(base, ATTEMPT), keptName(spare, ATTEMPT)]) {
      expect(standing(name, sealed)).toBe("ours");
      expect(standing(name, { ...sealed, [LABELS.attempt]: TOKEN })).not.toBe("ours");
    }
    const others = [
      "",
      "tenant",
      `${base}x`,
      `${base}-${TOKEN}`,
      keptName(base, TOKEN),
      taskContainerName("v", EXECUTION),
    ];
    for (const name of others) expect([name, standing(name, sealed)]).toEqual([name, "other"]);
    expect(standing(base, labelsOf("task"))).toBe("foreign");
  });

  test("sidecar is ours under the name that publishes it, and the one before", () => {
    const volume = sidecarNames.volume(TOKEN);
    const labels = { ...labelsOf("sidecar"), [LABELS.imageId]: IMAGE, [LABELS.volume]: volume };
    const published = sidecarNames.published(seals, IMAGE);
    const sealed = seals.seal(published, labels);
    for (const name of [published, sidecarNames.filler(seals, volume)]) expect(standing(name, sealed)).toBe("ours");
    expect(standing(sidecarNames.published(seals, `sha256:${"cd".repeat(32)}`), sealed)).toBe("other");
    expect(standing(sidecarNames.published(createSeals("another"), IMAGE), labels)).toBe("other");
    expect(standing(published, { ...sealed, [LABELS.volume]: "tenant-data" })).toBe("other");
    expect(standing(published, { ...sealed, [LABELS.volume]: sidecarNames.volume(randomToken()) })).toBe("forged");
  });

  test("helper is ours under the name that was sealed", () => {
    const name = sidecarNames.source(TOKEN);
    const sealed = seals.seal(name, { ...labelsOf("sidecar-source"), [LABELS.imageId]: IMAGE });
    expect(standing(name, sealed)).toBe("ours");
    expect(standing(sidecarNames.copier(TOKEN), sealed)).toBe("forged");
    expect(standing("tenant", sealed)).toBe("other");
    const tag = sidecarNames.image(TOKEN);
    expect(imageStanding(seals, tag, seals.seal(tag, sealed))).toBe("ours");
    expect(imageStanding(seals, tag, sealed)).toBe("forged");
    expect(imageStanding(seals, "app:1", seals.seal("app:1", sealed))).toBe("other");
  });

  test("volume's kind is none", () => {
    for (const kind of ["claim", "verdict", "heir", "private", "done", "other"] as const) {
      const labels = { ...labelsOf("task"), [LABELS.kind]: kind };
      expect(standing(taskContainerName("w", EXECUTION), labels)).toBe("other");
    }
  });
});

test("takeovers have numbers", () => {
  expect(generationOf(recordNames.heir(seals, EXECUTION, ATTEMPT, 12))).toBe(12);
  expect(generationOf(recordNames.earlierHeir(ATTEMPT, 3))).toBe(3);
  expect(generationOf(recordNames.verdict(seals, EXECUTION, ATTEMPT))).toBeUndefined();
});

test("ids of any length name no execution", () => {
  const labels = { ...labelsOf("claim"), [LABELS.taskId]: "t".repeat(5_000_000) };
  expect(volumeStanding(seals, { Name: recordNames.claim("w", EXECUTION), Labels: labels })).toBe("other");
});

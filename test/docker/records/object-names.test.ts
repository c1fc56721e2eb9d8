import { describe, expect, test } from "bun:test";
import { executionLabels, LABEL_PREFIX, labelledExecution } from "../../../src/docker/records/labels.ts";
import {
  isKeptName,
  keptName,
  randomToken,
  recordNames,
  sidecarNames,
  taskContainerName,
} from "../../../src/docker/records/object-names.ts";
import { createSeals } from "../../../src/docker/records/seals.ts";

const EXECUTION = { taskId: "t", executionId: "e" };
const SEALS = createSeals("key");
const DOCKER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const ODD = ["a/b", 'say "x"', "line\nbreak", "naïve ü 漢", "../..", "-x", "", "x".repeat(500)];

describe("names", () => {
  test.each(ODD)("of a task with the id %p are names for Docker", (taskId) => {
    const name = taskContainerName("worker/1", { taskId, executionId: "e" });
    expect(name).toStartWith("oz-task-");
    expect(name).toMatch(DOCKER_NAME);
    expect(name.length).toBeLessThan(100);
    expect(recordNames.claim("worker/1", { taskId, executionId: "e" })).toMatch(DOCKER_NAME);
  });

  test("differ wherever worker, task or execution differ, and are the same for the same", () => {
    const variants = [
      ["w", "t", "e"],
      ["w", "t", "f"],
      ["w", "u", "e"],
      ["v", "t", "e"],
      ["w", "te", ""],
      ["wt", "", "e"],
    ];
    const name = ([worker = "", taskId = "", executionId = ""]: readonly string[]) =>
      taskContainerName(worker, { taskId, executionId });
    expect(new Set(variants.map(name)).size).toBe(variants.length);
    expect(name(["w", "t", "e"])).toBe(name(["w", "t", "e"]));
  });

  test("of everything else carry the prefix", () => {
    const names = [
      recordNames.claim("w", { taskId: "t", executionId: "e" }),
      recordNames.verdict(SEALS, EXECUTION, "a"),
      recordNames.heir(SEALS, EXECUTION, "a", 1),
      recordNames.earlierHeir("a", 1),
      sidecarNames.volume("t"),
      sidecarNames.filler(SEALS, "v"),
      sidecarNames.copier("t"),
      sidecarNames.source("t"),
      sidecarNames.published(SEALS, "sha256:abc"),
      sidecarNames.privateCopy("a", 0, "t"),
    ];
    for (const name of names) {
      expect(name).toStartWith(LABEL_PREFIX);
      expect(name).toMatch(DOCKER_NAME);
    }
    expect(new Set(names).size).toBe(names.length);
  });

  test("tell a container that is kept from one whose task calls itself so", () => {
    const name = taskContainerName("w", { taskId: "x-kept-0123456789abcdef", executionId: "e" });
    expect(isKeptName(name)).toBe(false);
    expect(isKeptName(keptName(name, "0123456789abcdef"))).toBe(true);
    expect(isKeptName(`/${keptName(name, "0123456789abcdef")}`)).toBe(true);
  });
});

describe("labels", () => {
  test.each(ODD)("name the execution of the task %p", (taskId) => {
    const execution = { taskId, executionId: "e" };
    const labels = executionLabels("task", { workerId: "w", owner: "o", now: Date.now }, execution, randomToken());
    expect(labelledExecution(labels)).toEqual({ workerId: "w", execution });
  });
  test("of strangers name none", () => {
    expect(labelledExecution({ maintainer: "x" })).toBeUndefined();
  });
});

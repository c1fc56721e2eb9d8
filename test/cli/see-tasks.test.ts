import { expect, test } from "bun:test";
import { pickTask, type SeenTask } from "../../src/cli/see-tasks.ts";

const seen = (taskId: string, executionId = ""): SeenTask => ({
  workerId: "w",
  taskId,
  executionId,
  phase: "running",
  ageMs: 1,
});
const tasks = [seen("abc"), seen("abcd"), seen("run-1", "e1"), seen("run-1", "e2"), seen("a/b", "x"), seen("zebra")];

test.each([
  ["abc", "abc"],
  ["abcd", "abcd"],
  ["z", "zebra"],
  ["run-1/e2", "run-1/e2"],
  ["a/b", "a/b/x"],
])("%s means one", (written, name) => {
  const picked = pickTask(tasks, written);
  if ("problem" in picked) throw new Error(picked.problem);
  const { taskId, executionId } = picked.task;
  expect(executionId === "" ? taskId : `${taskId}/${executionId}`).toBe(name);
});

test.each([
  ["nothing", /^no task "nothing" is here$/],
  ["ab", /^more than one task begins with "ab": abc, abcd$/],
  ["run-1", /^more than one task begins with "run-1": run-1\/e1, run-1\/e2$/],
  ["run-1/e3", /^no task/],
])("%s means none", (written, problem) => {
  const picked = pickTask(tasks, written);
  expect("problem" in picked ? picked.problem : "").toMatch(problem);
});

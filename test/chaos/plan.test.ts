import { expect, test } from "bun:test";
import { planOf, TASKS_PER_SEED } from "./plan.ts";

test("a seed gives the same plan at any time, and another seed another", () => {
  expect(planOf(7)).toEqual(planOf(7));
  expect(planOf(7)).not.toEqual(planOf(8));
  expect(planOf(7).tasks).toHaveLength(TASKS_PER_SEED);
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { testEnvironment } from "../support/environment.ts";
import { canRunDockerd } from "../support/private-dockerd.ts";
import { startStage } from "./chaos-stage.ts";
import { planOf, TASKS_PER_SEED } from "./plan.ts";
import { runSeed } from "./run-seed.ts";

const SEEDS = [1, 2, 13];

test("a seed gives the same plan at any time, and another seed another", () => {
  expect(planOf(7)).toEqual(planOf(7));
  expect(planOf(7)).not.toEqual(planOf(8));
  expect(planOf(7).tasks).toHaveLength(TASKS_PER_SEED);
});

// Faults need a daemon that may be killed: root, and the programs. scripts/chaos plays more seeds.
if (canRunDockerd()) {
  describe("nothing is lost, doubled, wrong or left behind", () => {
    let stage: Awaited<ReturnType<typeof startStage>>;
    beforeAll(async () => {
      stage = await startStage(testEnvironment());
    }, 60_000);
    afterAll(() => stage[Symbol.asyncDispose](), 60_000);

    for (const seed of SEEDS) {
      test(`seed ${seed}`, async () => {
        const { lost, doubled, wrong, leaked, other } = await runSeed(seed, stage);
        expect({ lost, doubled, wrong, leaked, other }).toEqual({
          lost: [],
          doubled: [],
          wrong: [],
          leaked: [],
          other: [],
        });
      }, 100_000);
    }
  });
}

import { afterAll, beforeAll, expect, test } from "bun:test";
import { testEnvironment } from "../support/environment.ts";
import { startStage } from "./chaos-stage.ts";
import { runSeed } from "./run-seed.ts";

/** Of many: scripts/chaos plays any others. */
const SEEDS = [1, 2, 13];

let stage: Awaited<ReturnType<typeof startStage>>;
beforeAll(async () => {
  stage = await startStage(testEnvironment());
}, 60_000);
afterAll(() => stage[Symbol.asyncDispose](), 60_000);

test.each(SEEDS)(
  "under seed %d nothing is lost, doubled, wrong or left behind",
  async (seed) => {
    const { lost, doubled, wrong, leaked, other } = await runSeed(seed, stage);
    const nothing: readonly string[] = [];
    expect({ lost, doubled, wrong, leaked, other }).toEqual({
      lost: nothing,
      doubled: nothing,
      wrong: nothing,
      leaked: nothing,
      other: nothing,
    });
  },
  100_000,
);

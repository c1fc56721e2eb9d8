import { expect, test } from "bun:test";
import * as v from "valibot";
import type { Engine } from "../../../src/docker/engine/engine.ts";
import { listAttempts } from "../../../src/docker/records/attempts.ts";
import { executionLabels, type LabelMap } from "../../../src/docker/records/labels.ts";
import { randomToken, recordNames } from "../../../src/docker/records/object-names.ts";
import { createSeals } from "../../../src/docker/records/seals.ts";
import { createOnce } from "../../../src/support/once.ts";
import { recordedLog } from "../../support/recorded-log.ts";

/** What anybody who may create volumes can have made in a minute. */
const MANY = 6_000;
const maker = { workerId: "w", owner: "{}", now: Date.now };

interface Volume {
  readonly Name: string;
  readonly Labels: LabelMap;
}

function claimsOf(attempt: (index: number) => string): readonly Volume[] {
  return Array.from({ length: MANY }, (_, index) => {
    const execution = { taskId: `t${index}`, executionId: "" };
    const labels = executionLabels("claim", maker, execution, attempt(index));
    return { Name: recordNames.claim("w", execution), Labels: labels };
  });
}

/** A daemon that holds nothing but these volumes: to make so many on the real one takes minutes. */
function engineWith(volumes: readonly Volume[]): Engine {
  const refuse = () => Promise.reject(new Error("nothing else is asked"));
  return {
    call: (request, schema) => {
      const answer = request.path === "/volumes" ? { Volumes: volumes } : [];
      return Promise.resolve(v.parse(schema, answer));
    },
    run: refuse,
    open: refuse,
  };
}

async function timed(volumes: readonly Volume[]): Promise<{ readonly count: number; readonly milliseconds: number }> {
  const room = {
    ...maker,
    engine: engineWith(volumes),
    seals: createSeals("key"),
    log: recordedLog(),
    once: createOnce(),
  };
  const begun = performance.now();
  const attempts = await listAttempts(room);
  return { count: attempts.length, milliseconds: performance.now() - begun };
}

test("thousands of claims that strangers have made are looked through in no time", async () => {
  const { count, milliseconds } = await timed(claimsOf(randomToken));
  expect(count).toBe(MANY);
  expect(milliseconds).toBeLessThan(2_000);
});

test("and thousands of claims and records that all say they are of one attempt", async () => {
  const attempt = randomToken();
  const records = claimsOf(() => attempt).map((_, index) => ({
    Name: `${recordNames.earlierHeir(attempt, index + 1)}.${randomToken()}`,
    Labels: executionLabels("heir", maker, { taskId: "t", executionId: "" }, attempt),
  }));
  const { count, milliseconds } = await timed([...claimsOf(() => attempt), ...records]);
  expect(count).toBe(MANY);
  expect(milliseconds).toBeLessThan(2_000);
});

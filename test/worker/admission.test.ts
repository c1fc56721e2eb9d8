import { expect, test } from "bun:test";
import { type AdmissionDecision, decideAdmission, type WorkerLoad } from "../../src/worker/admission.ts";

const FULL: AdmissionDecision = { kind: "reject", reason: "worker at maximum concurrency" };
const ENDING: AdmissionDecision = { kind: "reject", reason: "worker is shutting down" };
const IDLE: WorkerLoad = { running: 0, limit: 0, here: 0, closed: undefined, isHere: false };

test.each<[string, Partial<WorkerLoad>, AdmissionDecision]>([
  ["nothing runs", {}, { kind: "admit" }],
  ["no limit", { running: 1_000 }, { kind: "admit" }],
  ["no limit, and a thousand here that only wait for Oz", { here: 1_000 }, FULL],
  ["below the limit", { running: 1, limit: 2 }, { kind: "admit" }],
  ["at the limit", { running: 2, limit: 2 }, FULL],
  ["above the limit, by what was taken over", { running: 5, limit: 2 }, FULL],
  ["here already", { isHere: true }, { kind: "redelivery" }],
  ["here already, at the limit", { isHere: true, running: 2, limit: 2 }, { kind: "redelivery" }],
  ["here already, while the worker ends", { isHere: true, closed: "worker is shutting down" }, { kind: "redelivery" }],
  ["the worker ends", { closed: "worker is shutting down" }, ENDING],
  ["the worker ends, at the limit", { closed: "worker is shutting down", running: 2, limit: 2 }, ENDING],
])("%s", (_, load, decision) => {
  expect(decideAdmission({ ...IDLE, ...load })).toEqual(decision);
});

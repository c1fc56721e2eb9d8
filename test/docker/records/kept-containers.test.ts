import { expect, test } from "bun:test";
import { keptForMs, whatGoes } from "../../../src/docker/records/kept-containers.ts";

const DAY_MS = 86_400_000;
const kept = (name: string, ageMs: number, size = 0) => ({ id: name, name, ageMs, size });
const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);

test("what is kept has its time", () => {
  expect(keptForMs({ cleanup: true, keepFailedMs: 5 })).toBe(5);
  expect(keptForMs({ cleanup: false, keepFailedMs: 5 })).toBe(7 * DAY_MS);
  expect(keptForMs({ cleanup: false, keepFailedMs: 30 * DAY_MS })).toBe(30 * DAY_MS);
  expect(keptForMs({ cleanup: true, keepFailedMs: 0 })).toBe(7 * DAY_MS);
});

test("what is too old goes", () => {
  expect(names(whatGoes([kept("old", 11), kept("new", 9)], 10))).toEqual(["old"]);
});

test("of too many the oldest go", () => {
  const many = Array.from({ length: 52 }, (_, index) => kept(`c${index}`, index));
  expect(names(whatGoes(many, 1_000))).toEqual(["c50", "c51"]);
});

test("of what is too large together the oldest go", () => {
  const large = [kept("a", 1, 6 * 1024 ** 3), kept("b", 2, 5 * 1024 ** 3), kept("c", 3)];
  expect(names(whatGoes(large, 1_000))).toEqual(["b", "c"]);
});

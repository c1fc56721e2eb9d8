import { createRandom } from "../../chaos/random.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import type { FaultPoint } from "../world/effects.ts";
import type { ReplayLine } from "./replay-line.ts";
import { runLine } from "./run-line.ts";

/** Second faults come within so many effects of the first: what clears up is what is disturbed. */
const PAIR_REACH = 40;
const MAX_ORDER = 1_000_000;

/** Of what is done again and again, while nothing else happens, the first and the last times stand for all. */
const FIRST_TIMES = 6;
const LAST_TIMES = 2;

/** Every run of a scenario: undisturbed, and with each of its faults at each of its effects. */
export function crashPoints({ name, points }: Scenario): readonly ReplayLine[] {
  const places = placesIn(runLine({ kind: "scenario", name, points: [] }).effects);
  const single = points.flatMap((kind) => places.map((at): FaultPoint[] => [{ kind, at }]));
  return [[], ...single].map((own) => ({ kind: "scenario", name, points: own }));
}

/** So many runs with none to two faults, each in another order of things; the same ones for the same seed. */
export function crashSamples({ name, points }: Scenario, count: number, seed: number): readonly ReplayLine[] {
  const random = createRandom(seed);
  const places = placesIn(runLine({ kind: "scenario", name, points: [] }).effects);
  const anyOf = <T>(list: readonly T[]): T | undefined => list[random.between(0, list.length - 1)];
  return Array.from({ length: count }, () => {
    const at = anyOf(places) ?? 1;
    const wanted = [at, at + random.between(1, PAIR_REACH)].slice(0, random.between(0, 2));
    const sample = wanted.flatMap((place): FaultPoint[] => {
      const kind = anyOf(points);
      return kind === undefined ? [] : [{ kind, at: place }];
    });
    return { kind: "scenario", name, order: random.between(2, MAX_ORDER), points: sample };
  });
}

/** Numbers of the effects that are worth a fault, counted from 1. */
function placesIn(effects: readonly string[]): readonly number[] {
  const times = new Map<string, number[]>();
  for (const [index, what] of effects.entries()) {
    // Random parts, and the numbers of a lease's renewals, make nothing another kind.
    const kind = what.replace(/[0-9a-f]{16,}(?:\.\d+)?/g, "ID");
    times.set(kind, [...(times.get(kind) ?? []), index + 1]);
  }
  const places = [...times.values()].flatMap((all) => [
    ...all.slice(0, FIRST_TIMES),
    ...all.slice(FIRST_TIMES).slice(-LAST_TIMES),
  ]);
  return places.sort((a, b) => a - b);
}

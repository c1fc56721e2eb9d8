import { SCENARIOS } from "../scenarios/all-scenarios.ts";
import { crashPoints, crashSamples } from "./crash-points.ts";
import type { ReplayLine } from "./replay-line.ts";

/** What is to be run. */
export interface Wanted {
  /** One scenario, all of them, or none. */
  readonly scenarios: "all" | "none" | { readonly name: string };
  /** How many runs in other orders, with up to two faults, for each of these scenarios. */
  readonly samples: number;
  readonly seeds?: { readonly from: number; readonly to: number };
}

/** What everybody's gate runs. */
export const GATE: Wanted = { scenarios: "all", samples: 20, seeds: { from: 1, to: 2_000 } };

const SAMPLES_SEED = 1;

/** Every run that is wanted, in an order that spreads the long ones. */
export function* workList({ scenarios, samples, seeds }: Wanted): Generator<ReplayLine> {
  const meant = SCENARIOS.filter(
    ({ name }) => scenarios === "all" || (scenarios !== "none" && name === scenarios.name),
  );
  for (const scenario of meant) {
    yield* crashPoints(scenario);
    yield* crashSamples(scenario, samples, SAMPLES_SEED);
  }
  for (let seed = seeds?.from ?? 1; seed <= (seeds?.to ?? 0); seed += 1) yield { kind: "seed", seed };
}

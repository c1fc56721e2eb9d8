import { DEATH_SCENARIOS } from "./deaths.ts";
import { HELD_CALL_SCENARIOS } from "./held-calls.ts";
import { OUTAGE_SCENARIOS } from "./outages.ts";
import type { Scenario } from "./scenario.ts";
import { SIDECAR_SCENARIOS } from "./sidecars.ts";
import { TASK_SCENARIOS } from "./tasks.ts";

/** Every scenario; their names differ. */
export const SCENARIOS: readonly Scenario[] = [
  ...TASK_SCENARIOS,
  ...SIDECAR_SCENARIOS,
  ...HELD_CALL_SCENARIOS,
  ...OUTAGE_SCENARIOS,
  ...DEATH_SCENARIOS,
];

import { SCENARIOS } from "../scenarios/all-scenarios.ts";
import { World } from "../world/world.ts";
import { type ReplayLine, writeReplayLine } from "./replay-line.ts";
import { settingOf } from "./seed-setting.ts";

/** What one run has come to. */
export interface RunReport {
  /** Replays it. */
  readonly line: string;
  readonly problems: readonly string[];
  /** What the workers did, in order. */
  readonly effects: readonly string[];
  readonly virtualMs: number;
  /** Empty unless it was asked for. */
  readonly journal: readonly string[];
}

/** The order of things in a scenario, unless a line says another. */
const FIRST_ORDER = 1;

/** Runs what a line says, from the beginning to rest. Throws for a scenario that there is not. */
export function runLine(line: ReplayLine, isJournalKept = false): RunReport {
  const isSeed = line.kind === "seed";
  const setting = isSeed ? settingOf(line.seed) : SCENARIOS.find(({ name }) => name === line.name);
  if (setting === undefined) throw new Error(`there is no such scenario: ${writeReplayLine(line)}`);
  const world = new World(setting, {
    seed: isSeed ? line.seed : (line.order ?? FIRST_ORDER),
    points: isSeed ? [] : line.points,
    isJournalKept,
  });
  const virtualMs = world.run();
  return {
    line: writeReplayLine(line),
    problems: world.problems,
    effects: world.effects.done,
    virtualMs,
    journal: world.journal.lines,
  };
}

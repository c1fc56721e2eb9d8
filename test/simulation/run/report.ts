import * as v from "valibot";
import { KNOWN, unknownProblems } from "../known.ts";
import type { ReplayLine } from "./replay-line.ts";
import type { RunReport } from "./run-line.ts";

const Failure = v.object({ line: v.string(), problems: v.array(v.string()) });

/** Figures over many runs, as a process hands them to another. */
export const Tally = v.object({
  /** Names of the scenarios that were run, disturbed or not. */
  scenarios: v.array(v.string()),
  points: v.number(),
  seeds: v.number(),
  virtualMs: v.number(),
  /** Runs in which only what is known was seen. */
  known: v.number(),
  violations: v.array(Failure),
});
export type Tally = v.InferOutput<typeof Tally>;

export function emptyTally(): Tally {
  return { scenarios: [], points: 0, seeds: 0, virtualMs: 0, known: 0, violations: [] };
}

/** The tally with one run more. */
export function counted(tally: Tally, line: ReplayLine, report: RunReport): Tally {
  const problems = unknownProblems(report.line, report.problems);
  const isNew = line.kind === "scenario" && !tally.scenarios.includes(line.name);
  const isKnown = report.problems.length > 0 && problems.length === 0;
  return {
    scenarios: isNew ? [...tally.scenarios, line.name] : tally.scenarios,
    points: tally.points + (line.kind === "scenario" && line.points.length > 0 ? 1 : 0),
    seeds: tally.seeds + (line.kind === "seed" ? 1 : 0),
    virtualMs: tally.virtualMs + report.virtualMs,
    known: tally.known + (isKnown ? 1 : 0),
    violations:
      problems.length > 0 ? [...tally.violations, { line: report.line, problems: [...problems] }] : tally.violations,
  };
}

/** Two tallies of different runs as one. */
export function merged(a: Tally, b: Tally): Tally {
  return {
    scenarios: [...new Set([...a.scenarios, ...b.scenarios])],
    points: a.points + b.points,
    seeds: a.seeds + b.seeds,
    virtualMs: a.virtualMs + b.virtualMs,
    known: a.known + b.known,
    violations: [...a.violations, ...b.violations],
  };
}

/** One line of figures. */
export function figures(tally: Tally): string {
  return [
    `${tally.scenarios.length} scenarios`,
    `${tally.points} crash points`,
    `${tally.seeds} seeds`,
    `${(tally.virtualMs / 3_600_000).toFixed(1)} virtual hours`,
    `${tally.known} runs with what is known (${KNOWN.length} kinds)`,
    `${tally.violations.length} violations`,
  ].join(", ");
}

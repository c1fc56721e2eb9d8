/** Something that the simulator finds wrong in the worker of today, and that does not fail the gate. */
export interface Known {
  /** The runs that it is seen in, as lines that replay them. */
  readonly line: RegExp;
  readonly problem: RegExp;
  /** A line of which it is true; where it no longer is, the entry has to go. */
  readonly example: string;
  readonly reason: string;
}

/** To be emptied. Everything that is not in this list fails. */
export const KNOWN: readonly Known[] = [
  {
    line: /^two-workers-at-an-unlabelled-claim/,
    problem: /./,
    example: "two-workers-at-an-unlabelled-claim~11",
    reason:
      "two workers that meet a claim without labels, as a killed engine leaves it, may both make it anew and hold it",
  },
  {
    line: /^volumes-pruned-and-killed/,
    problem: /lost/,
    example: "volumes-pruned-and-killed",
    reason:
      "an operator who prunes volumes takes the claim of a task that has no container yet, and nobody looks again",
  },
  {
    line: /^seed/,
    problem: /by a worker that had stood still/,
    example: "seed 15268",
    reason:
      "a worker that stands still for some seconds, in which its link breaks, reads assignments on it that Oz has given to " +
      "somebody else: shorter than ten seconds that cannot be told from a machine that is busy",
  },
];

/** The problems of a run that no entry of the list speaks of. */
export function unknownProblems(line: string, problems: readonly string[]): readonly string[] {
  return problems.filter((problem) => !KNOWN.some((known) => known.line.test(line) && known.problem.test(problem)));
}

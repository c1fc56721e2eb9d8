/** An expected failure: one plain line that says what is wrong and what to do. */
export interface Problem {
  readonly problem: string;
}

/** Tells a failure from a result. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "problem" in value && typeof value.problem === "string";
}

/** The message of anything that was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/\s+/g, " ").trim();
}

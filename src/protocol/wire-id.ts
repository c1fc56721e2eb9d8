import * as v from "valibot";

/** Names of tasks and executions stand in labels, names of containers and log lines. */
export const MAX_ID_LENGTH = 256;
/** What would break a line, or show another name than it is. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** What is wrong with an id, without showing it; `undefined` for one that can be used. */
export function idProblem(value: unknown): string | undefined {
  if (typeof value !== "string") return "expected a string";
  if (value.length > MAX_ID_LENGTH) return `expected at most ${MAX_ID_LENGTH} characters`;
  if (UNPRINTABLE.test(value)) return "expected no control or format characters";
  return undefined;
}

/** The id, where it is one that can be used and not blank. */
export function usableId(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" && idProblem(value) === undefined ? value : undefined;
}

/** A field that holds an id; it may be blank. */
export const id = v.pipe(
  v.string("expected a string"),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed ? idProblem(dataset.value) : undefined;
    if (problem !== undefined) addIssue({ message: problem });
  }),
);

/** The id of an execution; empty where there is none, and a blank one is none. */
export const executionId = v.pipe(
  v.nullish(id, ""),
  v.transform((given) => usableId(given) ?? ""),
);

import * as v from "valibot";

const Task = v.object({
  task: v.string(),
  execution: v.optional(v.string()),
  title: v.optional(v.string()),
  image: v.optional(v.string()),
  /** What is being done for it, and for how long, in milliseconds. */
  phase: v.picklist(["claiming", "preparing", "creating", "running", "stopping", "reporting"]),
  phase_ms: v.number(),
  /** Since the claim or, of one that was taken over while it ran, since its start; milliseconds. */
  age_ms: v.number(),
  container: v.optional(v.string()),
});
export type TaskAnswer = v.InferOutput<typeof Task>;

/** Asks a worker for the executions that it has at the moment. */
export const TASKS = { name: "tasks", input: v.object({}), answer: v.object({ tasks: v.array(Task) }) };

const End = v.object({
  /** Milliseconds since 1970. */
  ended_at: v.number(),
  task: v.string(),
  execution: v.optional(v.string()),
  title: v.optional(v.string()),
  image: v.optional(v.string()),
  outcome: v.picklist(["completed", "cancelled", "failed"]),
  reason: v.optional(v.string()),
  exit_code: v.optional(v.number()),
  message: v.optional(v.string()),
  duration_ms: v.number(),
  last_line: v.optional(v.string()),
});
export type EndAnswer = v.InferOutput<typeof End>;

/** Asks a worker for the ends that it has seen, the latest last. */
export const HISTORY = { name: "history", input: v.object({}), answer: v.object({ ends: v.array(End) }) };

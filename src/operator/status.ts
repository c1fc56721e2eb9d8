import * as v from "valibot";

/** Asks a worker how it stands. Nothing in the answer is a secret; times are milliseconds. */
export const STATUS = {
  name: "status",
  input: v.object({}),
  answer: v.object({
    version: v.string(),
    commit: v.optional(v.string()),
    up_ms: v.number(),
    link: v.object({
      connected: v.boolean(),
      since_ms: v.number(),
      /** Why it is down. */
      reason: v.optional(v.string()),
      undelivered: v.number(),
    }),
    tasks: v.object({ running: v.number(), limit: v.number(), reporting: v.number() }),
    door: v.object({
      kind: v.picklist(["open", "paused", "draining", "detaching", "stopping"]),
      note: v.optional(v.string()),
      /** How long the pause still lasts. */
      for_ms: v.optional(v.number()),
    }),
    /** Why its Docker daemon is of no use at the moment. */
    docker_problem: v.optional(v.string()),
    /** Bytes of the disk that the daemon keeps its data on, where it can be seen from the worker. */
    disk: v.optional(v.object({ free: v.number(), total: v.number() })),
    last_failure: v.optional(
      v.object({ task: v.string(), reason: v.string(), ago_ms: v.number(), message: v.optional(v.string()) }),
    ),
  }),
};
export type StatusAnswer = v.InferOutput<typeof STATUS.answer>;

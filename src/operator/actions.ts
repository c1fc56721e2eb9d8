import * as v from "valibot";

/** What a worker has done about a request, or in plain words why it has not. */
const Done = v.object({ done: v.boolean(), said: v.array(v.string()) });
export type DoneAnswer = v.InferOutput<typeof Done>;

const MAX_NOTE = 200;

/** Has a worker take no work for a time, or until it is to resume. */
export const PAUSE = {
  name: "pause",
  input: v.object({
    note: v.optional(v.pipe(v.string(), v.maxLength(MAX_NOTE))),
    for_ms: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  }),
  answer: Done,
};
export const RESUME = { name: "resume", input: v.object({}), answer: Done };
/** Has a worker end. */
export const END = { name: "end", input: v.object({ how: v.picklist(["drain", "detach", "stop"]) }), answer: Done };
/** Has a worker read its settings anew. */
export const RELOAD = { name: "reload", input: v.object({}), answer: Done };
/** Has a worker stop an execution. */
export const CANCEL = {
  name: "cancel",
  input: v.object({ task: v.string(), execution: v.optional(v.string()) }),
  answer: Done,
};

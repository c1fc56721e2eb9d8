import * as v from "valibot";
import { type Answering, answering } from "./answering.ts";

const HealthInput = v.object({});

/** What a worker says of itself. It holds no secret: plain reasons only. */
export const HealthAnswer = v.object({
  /** One plain reason each; empty is healthy. */
  problems: v.array(v.string()),
});
export type HealthAnswer = v.InferOutput<typeof HealthAnswer>;

/** How are you? */
export const HEALTH = { name: "health", input: HealthInput, answer: HealthAnswer };

/**
 * Answers with what is wrong at this moment, one plain reason each without secrets. Questions at the same moment share
 * one look.
 */
export function answerHealth(problems: () => Promise<readonly string[]>): Answering {
  let looking: Promise<readonly string[]> | undefined;
  return answering(HEALTH, async () => {
    looking ??= problems().finally(() => {
      looking = undefined;
    });
    return { problems: [...(await looking)] };
  });
}

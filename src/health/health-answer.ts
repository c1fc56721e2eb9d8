import * as v from "valibot";

/**
 * What a worker says of itself: one line of JSON, without the worker being asked anything. It holds no secret: ids and
 * plain reasons only.
 */
export const HealthAnswer = v.object({
  worker_id: v.string(),
  /** One plain reason each; empty is healthy. */
  problems: v.array(v.string()),
});
export type HealthAnswer = v.InferOutput<typeof HealthAnswer>;

/** What those get who may not ask, or while too many do. */
export const REFUSAL = "refused\n";

/** The line of an answer, with its end. */
export function encodeHealthAnswer(answer: HealthAnswer): string {
  return `${JSON.stringify(answer)}\n`;
}

/** Reads what came over the socket; `undefined` for anything but one whole answer. */
export function decodeHealthAnswer(text: string): HealthAnswer | undefined {
  if (!text.endsWith("\n")) return undefined;
  try {
    const parsed = v.safeParse(HealthAnswer, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

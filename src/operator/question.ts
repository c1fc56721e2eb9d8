import * as v from "valibot";

/**
 * One thing that a worker can be asked over its local socket. Whoever dials sends one line of JSON, `Asked`, and gets
 * one, `Reply`. Neither holds a secret.
 */
export interface Question<Input, Answer> {
  readonly name: string;
  /** What is sent along. */
  readonly input: v.GenericSchema<unknown, Input>;
  readonly answer: v.GenericSchema<unknown, Answer>;
}

/** A question as it stands on the wire. */
export const Asked = v.object({ ask: v.string(), input: v.unknown() });
export type Asked = v.InferOutput<typeof Asked>;

/** A worker's reply: what it has to say, or in plain words why it says nothing. */
export const Reply = v.union([
  v.object({ worker_id: v.string(), answer: v.unknown() }),
  v.object({ worker_id: v.string(), refused: v.string() }),
]);
export type Reply = v.InferOutput<typeof Reply>;

/** In bytes, the line's end included. */
export const MAX_ASKED_BYTES = 64 * 1024;
/** A thousand tasks with the longest names that there can be. */
export const MAX_REPLY_BYTES = 8 * 1024 * 1024;

/** A value as one line, with its end. */
export function encodeLine(value: Asked | Reply): string {
  return `${JSON.stringify(value)}\n`;
}

/** Reads one line; `undefined` for anything but what the schema says. */
export function decodeLine<T>(schema: v.GenericSchema<unknown, T>, line: string): T | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(line));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

import * as v from "valibot";

/** An object of JSON; a list is none. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Objects that go to the agent whole: their value, and the text that they came as, compacted. */
export class JsonObject {
  constructor(
    readonly value: Readonly<Record<string, unknown>>,
    readonly text: string,
  ) {}
}

/*
 * Every message below says what is expected and never what came: a value may be a secret.
 */

export const text = v.string("expected a string");
export const flag = v.boolean("expected true or false");

/** An amount in whole numbers. All of them count above zero alone: what is not is 0, whatever else it is. */
export const wholeNumber = v.pipe(
  v.number("expected a whole number"),
  v.transform((amount) => Math.max(0, amount)),
  v.safeInteger("expected a whole number"),
);

/** An object that goes to the agent whole; `readAssignment` has put its text beside it. */
export const anyObject = v.instance(JsonObject, "expected an object");

/** An object with known fields; others are ignored. Unlike valibot's own it does not take an array for one. */
export function objectOf<const Entries extends v.ObjectEntries>(entries: Entries) {
  const object = v.object(entries, "expected an object");
  return v.pipe(v.custom<v.InferInput<typeof object>>(isObject, "expected an object"), object);
}

/** A field that may be missing; `null` means missing. */
export function optional<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.optional(v.nullish(schema, () => undefined));
}

/** A list that may be missing, of at most `max` entries; missing and `null` mean empty. */
export function listOf<const Schema extends v.GenericSchema>(schema: Schema, max: number) {
  // The length first: what is too long is not looked through.
  const bounded = v.pipe(
    v.custom<unknown[]>(Array.isArray, "expected a list"),
    v.maxLength(max, `expected at most ${max} entries`),
    v.array(schema, "expected a list"),
  );
  return v.nullish(bounded, () => []);
}

import * as v from "valibot";

/** Deeper than any real configuration, and far from what would exhaust the stack when it is written out again. */
const MAX_DEPTH = 200;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isShallow(value: Record<string, unknown>): boolean {
  const open: [unknown, number][] = [[value, 1]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [current, depth] = next;
    if (typeof current !== "object" || current === null) continue;
    if (depth > MAX_DEPTH) return false;
    for (const child of Object.values(current)) open.push([child, depth + 1]);
  }
  return true;
}

/*
 * Every message below says what is expected and never what came: a value may be a secret.
 */

export const text = v.string("expected a string");
export const flag = v.boolean("expected true or false");

export const wholeNumber = v.pipe(v.number("expected a whole number"), v.safeInteger("expected a whole number"));

/** Any object, kept as it came. Its prototype is never looked at, so keys such as `__proto__` are only keys. */
export const anyObject = v.pipe(
  v.custom<Record<string, unknown>>(isObject, "expected an object"),
  v.check(isShallow, "expected an object that is nested less deeply"),
);

/** An object with known fields; others are ignored. Unlike valibot's own it does not take an array for one. */
export function objectOf<const Entries extends v.ObjectEntries>(entries: Entries) {
  const object = v.object(entries, "expected an object");
  return v.pipe(v.custom<v.InferInput<typeof object>>(isObject, "expected an object"), object);
}

/** A field that may be missing; `null` means missing. */
export function optional<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.optional(v.nullish(schema, () => undefined));
}

/** A list that may be missing; missing and `null` mean empty. */
export function listOf<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.nullish(v.array(schema, "expected a list"), () => []);
}

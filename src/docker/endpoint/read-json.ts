import * as v from "valibot";

/** JSON text as an object of `schema`; `undefined` for text that is no JSON or not of that shape. */
export function readJson<TSchema extends v.GenericSchema>(
  schema: TSchema,
  text: string,
): v.InferOutput<TSchema> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const parsed = v.safeParse(schema, value);
    // valibot takes an array for an object.
    return !Array.isArray(value) && parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

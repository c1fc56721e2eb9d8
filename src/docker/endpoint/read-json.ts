import * as v from "valibot";

/** JSON text as `schema` has it; `undefined` for text that is no JSON or not of that shape. */
export function readJson<TSchema extends v.GenericSchema>(
  schema: TSchema,
  text: string,
): v.InferOutput<TSchema> | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

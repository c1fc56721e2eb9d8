import { toJsonSchema } from "@valibot/to-json-schema";
import { WorkerFile } from "./file-schema.ts";

/** The config file as a JSON Schema (draft 2020-12) for editors, made of the schema that the file is checked with. */
export function configJsonSchema(): object {
  const schema = toJsonSchema(WorkerFile, {
    typeMode: "input",
    target: "draft-2020-12",
    // What the small parsers look at no editor can.
    errorMode: "ignore",
    overrideSchema: ({ jsonSchema }) =>
      jsonSchema.type === "object" ? { ...jsonSchema, additionalProperties: false } : undefined,
  });
  return { ...schema, title: "Config file of oz-agent-worker" };
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord } from "../support/json-record.ts";

/** A frame as Oz makes it, of this folder: made from the other side's types, never from this worker's. */
export interface SampleFrame {
  readonly name: string;
  readonly text: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The sample of that name, without `.json`. */
export function sampleFrame(name: string): SampleFrame {
  const text = readFileSync(join(import.meta.dir, `${name}.json`), "utf8").trim();
  const frame: unknown = JSON.parse(text);
  if (!isRecord(frame) || typeof frame.type !== "string" || !isRecord(frame.data)) throw new Error(`no frame: ${name}`);
  return { name, text, type: frame.type, data: frame.data };
}

/** Every sample, by its name. */
export function sampleFrames(): readonly SampleFrame[] {
  return readdirSync(import.meta.dir)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => sampleFrame(file.slice(0, -".json".length)));
}

/** The samples that are assignments. */
export function sampleAssignments(): readonly SampleFrame[] {
  return sampleFrames().filter(({ type }) => type === "task_assignment");
}

import type { Engine } from "../../../src/docker/engine/engine.ts";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { createRandom } from "../../chaos/random.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { Effects } from "../world/effects.ts";
import { Journal } from "../world/journal.ts";
import { SimProcess } from "../world/sim-process.ts";
import { EngineClient } from "./engine-client.ts";
import { EngineModel } from "./engine-model.ts";
import { tagImage } from "./image-calls.ts";
import type { Work } from "./sim-objects.ts";

const ANSWER_LIMIT_MS = 120_000;

/** A question to an engine; `kept` holds what earlier questions have learnt. */
export interface Question {
  readonly about: string;
  ask(engine: Engine, kept: Map<string, string>): Promise<unknown>;
}

/** Words of failures that the worker acts on. */
const HEEDED = [
  /in progress/i,
  /no such image/i,
  /no such container/i,
  /no space left/i,
  /not found|manifest unknown/i,
];

/** The answers of a real engine, as far as they can be compared. */
export async function askReal(engine: Engine, questions: readonly Question[]): Promise<readonly string[]> {
  const kept = new Map<string, string>();
  const answers: string[] = [];
  for (const { about, ask } of questions) answers.push(`${about}: ${await answerOf(ask(engine, kept), kept)}`);
  return answers;
}

/** The same of the model, which has that image in its registry. */
export async function askModel(
  image: { readonly reference: string; readonly id: string; readonly labels: Readonly<Record<string, string>> },
  workOf: (taskId: string) => Work,
  questions: readonly Question[],
): Promise<readonly string[]> {
  const clock = new VirtualClock();
  const process = new SimProcess(1, "1", clock);
  const model = new EngineModel({ clock, random: createRandom(1), workOf });
  tagImage(model.state, image.id, image.reference);
  model.state.images.set(image.id, {
    id: image.id,
    tags: new Set(),
    ...model.state.images.get(image.id),
    labels: image.labels,
  });
  model.state.registry.set(image.reference, { imageId: image.id, transferMs: 10, mood: "serves" });
  const engine = new EngineClient(model, process, new Effects([], () => {}, new Journal(clock, false)));
  const kept = new Map<string, string>();
  const answers: string[] = [];
  for (const { about, ask } of questions) {
    let isAnswered = false;
    const answer = answerOf(ask(engine, kept), kept).finally(() => {
      isAnswered = true;
    });
    clock.run(() => isAnswered, clock.now() + ANSWER_LIMIT_MS);
    if (!isAnswered) throw new Error(`the model does not answer: ${about}`);
    answers.push(`${about}: ${await answer}`);
  }
  return answers;
}

async function answerOf(asked: Promise<unknown>, kept: ReadonlyMap<string, string>): Promise<string> {
  try {
    return comparable(JSON.stringify(sorted(await asked)) ?? "done", kept);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const words = HEEDED.filter((pattern) => pattern.test(error.message)).map(String);
    return `refused, ${error.kind} ${error.status} ${words.join(" ")}`;
  }
}

/** Without what no two engines have in common: ids, moments, ports. */
function comparable(text: string, kept: ReadonlyMap<string, string>): string {
  let plain = text;
  for (const [name, value] of kept) plain = plain.replaceAll(value, `<${name}>`);
  return plain
    .replace(/(sha256:)?[0-9a-f]{64}/g, "<id>")
    .replace(/"0001-01-01T00:00:00Z"/g, "<never>")
    .replace(/"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)"/g, "<moment>")
    .replace(/"Created":\d+/g, '"Created":<seconds>');
}

/** Objects with their keys in order: an engine's order means nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  );
}

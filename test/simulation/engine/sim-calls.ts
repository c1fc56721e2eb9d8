import type { EngineRequest } from "../../../src/docker/engine/engine.ts";

/** What the engine answers, before it is on its way. */
export interface SimAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A body that is written to as things happen; what comes after the end of the connection goes nowhere. */
export interface SimBody {
  push(text: string): void;
  end(): void;
}

/** One call that has come to the engine. */
export interface SimCall {
  readonly request: EngineRequest;
  /** The process that asks. */
  readonly pid: number;
  /** Answers it, once; a second answer, or one over a broken connection, goes nowhere. */
  answer(answer: SimAnswer): void;
  /** Answers with a stream, once. */
  stream(): SimBody;
  /** Is called when the caller is gone. */
  onGone(action: () => void): void;
}

/** Handles the calls of one path; the groups of the pattern are the parts of the path, decoded. */
export type SimRoute = readonly [method: EngineRequest["method"], pattern: RegExp, handle: RouteHandler];
export type RouteHandler = (call: SimCall, ...parts: readonly string[]) => void;

export function json(body: unknown, status = 200): SimAnswer {
  return { status, body };
}

export const nothing = (status = 204): SimAnswer => json(undefined, status);

export function refusal(status: number, message: string): SimAnswer {
  return json({ message }, status);
}

/** The labels that a list call asks for, and other filters by their names. */
export function filtersOf({ query }: EngineRequest): Readonly<Record<string, readonly string[]>> {
  const given: unknown = JSON.parse(String(query?.filters ?? "{}"));
  const filters: Record<string, readonly string[]> = {};
  if (typeof given !== "object" || given === null) return filters;
  for (const [name, values] of Object.entries(given)) {
    if (Array.isArray(values)) filters[name] = values.map(String);
  }
  return filters;
}

/** Whether an object has all the labels, each as `name` or `name=value`. */
export function hasLabels(labels: Readonly<Record<string, string>>, wanted: readonly string[] = []): boolean {
  return wanted.every((one) => {
    const at = one.indexOf("=");
    return at < 0 ? Object.hasOwn(labels, one) : labels[one.slice(0, at)] === one.slice(at + 1);
  });
}

/** A field of a request's body. */
export function bodyField(request: EngineRequest, ...path: readonly string[]): unknown {
  let value: unknown = request.body;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

export function textRecord(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}

export function textList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

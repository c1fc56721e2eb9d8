import { EngineError } from "./engine-error.ts";

declare const isPath: unique symbol;

/** The path of an Engine API call: begins with `/` and holds no query. Only `enginePath` makes one. */
export type EnginePath = string & { readonly [isPath]: true };

/**
 * The one way to a path. Whatever is filled in becomes one segment, character by character; a list becomes one segment
 * each, for names of images. What could lead elsewhere than below its place (nothing, `.`, `..`) is refused by an
 * `EngineError`.
 */
export function enginePath(
  literals: TemplateStringsArray,
  ...values: readonly (string | readonly string[])[]
): EnginePath {
  const segments = values.map((value) => (typeof value === "string" ? [value] : value).map(encodeSegment).join("/"));
  const path = literals.reduce((built, literal, index) => `${built}${segments[index - 1] ?? ""}${literal}`);
  return path as EnginePath;
}

/** Colons stand for themselves in a path, and some engines want those of image ids so. */
function encodeSegment(segment: string): string {
  if (/^\.{0,2}$/.test(segment)) throw new EngineError("malformed", `${JSON.stringify(segment)} names nothing`);
  return encodeURIComponent(segment).replaceAll("%3A", ":").replaceAll("%40", "@");
}

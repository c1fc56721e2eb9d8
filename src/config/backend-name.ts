import { nearest } from "./nearest.ts";
import { type Parsed, parsed, refused } from "./parsed.ts";
import { shown } from "./shown.ts";

/** Backends of the same daemon that this worker does not have. */
export const OTHER_BACKENDS: readonly string[] = ["kubernetes", "direct", "command"];

/** One phrase for a backend that exists elsewhere. */
export function otherBackendProblem(name: string): string {
  return `${name} is another backend of the same daemon and is not built here; this worker takes docker`;
}

/** Reads the name of a backend. */
export function parseBackendName(text: string): Parsed<"docker"> {
  const name = text.trim();
  if (name === "docker") return parsed(name);
  if (OTHER_BACKENDS.includes(name)) return refused(otherBackendProblem(name));
  const near = nearest(name, ["docker", ...OTHER_BACKENDS]);
  return refused(`takes docker; ${shown(name)} is unknown${near === "docker" ? ", did you mean docker?" : ""}`);
}

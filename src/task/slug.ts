/** What is left of a text that has no usable character. */
const NOTHING_USABLE = "unnamed";

/**
 * A readable part for names of containers and volumes: at most `max` characters (at least one) of `[a-zA-Z0-9_.-]`, first
 * and last a letter or digit; never empty. Different texts may have one slug: what tells them apart is the caller's.
 */
export function slugOf(text: string, max: number): string {
  const length = Math.max(1, Math.floor(max));
  // What is cut off beforehand could not count: names come from outside and may be megabytes long.
  const safe = text
    .slice(0, 4 * length + 64)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^a-zA-Z0-9_.-]+/g, "-")
    .replace(/^[._-]+/, "")
    .slice(0, length)
    .replace(/[._-]+$/, "");
  return safe === "" ? NOTHING_USABLE.slice(0, length) : safe;
}

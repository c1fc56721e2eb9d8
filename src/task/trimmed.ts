/** The text without white space around it; undefined where nothing is left. */
export function trimmed(text: string | undefined): string | undefined {
  const inner = text?.trim();
  return inner === "" ? undefined : inner;
}

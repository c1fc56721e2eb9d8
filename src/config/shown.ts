const LONGEST = 80;

/** Control characters, line separators and lone surrogates: what would break a line or a terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

/** True if `text` holds a character that would break a line or a terminal. */
export function hasUnprintable(text: string): boolean {
  return text.search(UNPRINTABLE) >= 0;
}

/** `text` on one line: what cannot be printed is escaped, what is too long is cut. */
export function oneLine(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return cut.replace(UNPRINTABLE, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * What a user wrote, in quotes, for an error line. What follows a `=` is left out: somebody may have put `KEY=secret`
 * behind the wrong flag.
 */
export function shown(text: string): string {
  const equals = text.indexOf("=");
  return `"${oneLine(equals < 0 ? text : `${text.slice(0, equals + 1)}…`)}"`;
}

/** `a, b or c`. */
export function alternatives(names: readonly string[], last = "or"): string {
  const head = names.slice(0, -1).join(", ");
  const tail = names.at(-1) ?? "";
  return head === "" ? tail : `${head} ${last} ${tail}`;
}

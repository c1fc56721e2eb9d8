/**
 * What may not reach a terminal or a log line as it is: control characters (C1 included: 0x9b starts an escape sequence),
 * format characters such as bidirectional overrides, lone surrogates, private use, line and paragraph separators.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES.get(character);
  if (short !== undefined) return short;
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
}

/** Writes every unprintable character as an escape (`\n`, `\u001b`), so that any text is one harmless line. */
export function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter);
}

/** A value as JSON on one harmless line: what may not reach a terminal is escaped as JSON has it. */
export function printableJson(value: object): string {
  return JSON.stringify(value).replace(UNPRINTABLE, (found) =>
    Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`).join(
      "",
    ),
  );
}

/** The first `max` UTF-16 units of `text`, with a mark where something was cut; never half a character. */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return `${text.slice(0, splitsPair ? max - 1 : max)}…`;
}

/** A name that came from outside, in double quotes, fit for a message: escaped and at most about `max` characters. */
export function quoted(text: string, max = 80): string {
  const inner = escapeUnprintable(shorten(text, max).replace(/["\\]/g, "\\$&"));
  return `"${inner}"`;
}

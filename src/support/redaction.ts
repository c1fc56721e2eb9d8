import { ByteView, readBare, readText } from "./redaction/byte-view.ts";
import { createFinder } from "./redaction/find-needles.ts";
import { needlesOf } from "./redaction/needles.ts";
import { readBase64, readHex } from "./redaction/read-encoded.ts";
import { readPlain } from "./redaction/read-plain.ts";
import { findUrlLogins } from "./redaction/url-logins.ts";

/** Replaces what must not be shown. Line breaks stay where they are, so that a text keeps its lines. */
export type Redactor = (text: string) => string;

export const REDACTED = "[redacted]";

/** Characters of a text that are shown; what is above is cut, and that is said. */
export const MAX_REDACTED_TEXT = 256 * 1024;
/** Characters behind those that are looked at as well: the rest of a secret that the cut goes through. */
const MARGIN = 4 * 1024;

/** A text in every reading that a secret may have in it, one behind the other, with a 0 between them. */
function readingsOf(text: string): ByteView {
  const source = new ByteView(text.length + 1);
  readText(text, source);
  const readings = new ByteView(6 * text.length + 64);
  readBare(source, readings);
  readings.push(0, 0, 0);
  const from = readings.length;
  readPlain(source, readings, { isWrapped: true });
  const to = readings.length;
  readings.push(0, 0, 0);
  readBase64(readings, from, to);
  readHex(text, readings);
  return readings;
}

/** Writes a text with its hidden parts replaced, line by line. */
function render(text: string, hidden: Uint8Array, end: number): string {
  let result = "";
  let from = 0;
  for (let at = 0; at <= end; at++) {
    const isBreak = text[at] === "\n" || text[at] === "\r";
    if (at < end && !isBreak && at > from && hidden[at] === hidden[from]) continue;
    if (at === from && !isBreak) continue;
    const part = text.slice(from, at);
    result += hidden[from] === 1 && part.trim() !== "" ? REDACTED : part;
    if (at < end && isBreak) result += text[at];
    from = at < end && isBreak ? at + 1 : at;
  }
  return result;
}

/**
 * Makes a function that replaces every occurrence of every secret by `[redacted]`, and the login of every address. A secret
 * is found as it is, wrapped over lines, with colours in it, quoted for JSON, a shell or XML, in a URL, in base64 and in
 * hexadecimal; of one that has 16 bytes or more, any 16 in a row. White space does not count. Secrets of 4 to 7 bytes are
 * hidden as words of their own, shorter ones are not; of one made of quotes and backslashes only its own form is found. It
 * is the second line of defence, for texts that come from outside; the first is that nobody hands secrets to a log.
 *
 * Time is linear in the text and the secrets, whatever they are. Memory: some hundred bytes for each character of the text
 * while it is read, and from the first text on about two for each character of the secrets. Secrets of more than 8 Mi
 * characters hide every text.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  let ready: ReturnType<typeof finderOf> | undefined;

  return (text) => {
    ready ??= finderOf(secrets);
    if (ready === "too many") return text.trim() === "" ? text : REDACTED;
    const seen = text.length > MAX_REDACTED_TEXT ? text.slice(0, MAX_REDACTED_TEXT + MARGIN) : text;
    const hidden = new Uint8Array(seen.length);
    let isTouched = false;
    const hide = (start: number, end: number) => {
      isTouched = true;
      hidden.fill(1, start, end);
    };
    findUrlLogins(seen, hide);
    if (ready !== "none") ready(readingsOf(seen), hide);
    const left = text.length - MAX_REDACTED_TEXT;
    if (left > 0) return `${render(seen, hidden, MAX_REDACTED_TEXT)}… (${left} more characters left out)`;
    return isTouched ? render(seen, hidden, seen.length) : text;
  };
}

function finderOf(secrets: readonly string[]): ReturnType<typeof createFinder> | "none" | "too many" {
  const needles = needlesOf(secrets);
  if (needles === undefined) return "too many";
  return needles.length === 0 ? "none" : createFinder(needles);
}

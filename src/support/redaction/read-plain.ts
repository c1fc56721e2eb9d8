import { type ByteView, isBlank } from "./byte-view.ts";

const code = (character: string): number => character.charCodeAt(0);
const codes = (characters: string): ReadonlySet<number> => new Set(Buffer.from(characters));

const ESCAPE = 0x1b;
const BRACKET = code("[");
const BACKSLASH = code("\\");
const PERCENT = code("%");
const AMPERSAND = code("&");
const SEMICOLON = code(";");
const CLOSING_BRACKET = code("]");
const BELL = 0x07;
const LETTER_U = code("u");
const LETTER_X = code("x");
const LINE_FEED = code("\n");
const CARRIAGE_RETURN = code("\r");

const QUOTES = codes("\"'`");
/** What a backslash makes a control character of; those have no ink. */
const CONTROL_LETTERS = codes("nrtfbvae");
/** What may begin an escape behind a backslash, or one that gives such a beginning. */
const BEGINNINGS = codes("ux01234567%&");
const CHARSET_LETTERS = codes("()*+");

const ENTITIES: ReadonlyMap<string, number> = new Map([
  ["lt", code("<")],
  ["gt", code(">")],
  ["amp", AMPERSAND],
  ["quot", code('"')],
  ["apos", code("'")],
]);
/** `&#x10ffff;` */
const MAX_ENTITY = 10;
/** Parameters of an escape sequence; a longer one is none. */
const MAX_PARAMETERS = 32;
/** The text of a link or a title, in bytes; a longer one is none. */
const MAX_COMMAND = 512;

/** The value of a hexadecimal digit, or -1. */
export function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/**
 * The place behind a command to the terminal that begins at `at`, as for links and titles: `ESC ] text BEL`, or with `ESC \\` at
 * its end (ECMA-48, "operating system command"). `at` itself where none begins there, or it has no end. What stands in the text is
 * found by the reading that takes bytes as they are.
 */
function behindCommand({ bytes, length }: ByteView, at: number): number {
  if (bytes[at] !== ESCAPE || bytes[at + 1] !== CLOSING_BRACKET) return at;
  const limit = Math.min(length, at + MAX_COMMAND);
  for (let place = at + 2; place < limit; place++) {
    const byte = bytes[place];
    if (byte === BELL) return place + 1;
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) return at;
    if (byte === ESCAPE) return bytes[place + 1] === BACKSLASH && place + 1 < limit ? place + 2 : at;
  }
  return at;
}

interface Taken {
  readonly byte: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads bytes as what they stand for, however often they were quoted: without colours, white space, quotes and
 * backslashes, and with `\u00e4`, `\xe4`, `\344`, `%E4` and `&#228;` as the characters that they mean. A text and its
 * form inside JSON, a shell command, XML or a URL read the same. What an escape gives may end another one (`%2541`), so
 * the output is a stack: each byte goes on and comes off once, and the time is linear. In a text that `isWrapped` a line
 * break may stand inside of an escape.
 */
export function readPlain(source: ByteView, into: ByteView, { isWrapped }: { readonly isWrapped: boolean }): void {
  const base = into.length;
  let sequence: "none" | "begun" | "charset" | "parameters" = "none";
  let parameters = 0;
  /** Whether the sequence's beginning was meant by an escape: all of it may be the end of a secret then. */
  let isSequenceMeant = false;

  /** Whether the byte is part of a terminal's escape sequence. */
  function inSequence(byte: number): boolean {
    if (byte === ESCAPE) {
      sequence = "begun";
      return true;
    }
    if (sequence === "none" || byte === LINE_FEED || byte === CARRIAGE_RETURN) return false;
    const before = sequence;
    sequence = "none";
    if (before === "charset") return true;
    if (before === "begun") {
      if (byte === BRACKET) sequence = "parameters";
      else if (CHARSET_LETTERS.has(byte)) sequence = "charset";
      parameters = 0;
      return sequence !== "none";
    }
    if (byte < 0x20 || byte > 0x7e || parameters++ >= MAX_PARAMETERS) return false;
    if (byte < 0x40) sequence = "parameters";
    return true;
  }

  /** The byte `back` places before the end of what this reading has given. */
  const last = (back: number): number => (into.length - back >= base ? (into.bytes[into.length - back] ?? 0) : 0);
  const digits = (count: number): number => {
    let value = 0;
    for (let back = count; back > 0; back--) {
      const digit = hexValue(last(back));
      if (digit < 0) return -1;
      value = value * 16 + digit;
    }
    return value;
  };
  const octal = (): number => {
    let value = 0;
    for (let back = 3; back > 0; back--) {
      const digit = last(back) - 0x30;
      if (digit < 0 || digit > 7) return -1;
      value = value * 8 + digit;
    }
    return value <= 0xff ? value : -1;
  };
  const entity = (): { length: number; value: number } | undefined => {
    for (let length = 3; length <= MAX_ENTITY; length++) {
      if (last(length) !== AMPERSAND) continue;
      const name = Buffer.from(into.bytes.subarray(into.length - length + 1, into.length - 1)).toString("latin1");
      const [, hex, decimal] = /^#(?:[xX]([0-9a-fA-F]+)|([0-9]+))$/.exec(name) ?? [];
      const number = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16);
      const value = ENTITIES.get(name) ?? number;
      return value <= 0x10ffff ? { length, value } : undefined;
    }
    return undefined;
  };

  /** The escape that the output ends with: its bytes, what they mean, and whether that is a byte or a character. */
  function ending(): { length: number; value: number; isByte: boolean } | undefined {
    const byte = last(1);
    if (byte === SEMICOLON) {
      const found = entity();
      return found && { ...found, isByte: false };
    }
    if (hexValue(byte) < 0) return undefined;
    if (last(3) === PERCENT && digits(2) >= 0) return { length: 3, value: digits(2), isByte: true };
    if (last(4) === BACKSLASH) {
      if (last(3) === LETTER_X && digits(2) >= 0) return { length: 4, value: digits(2), isByte: true };
      if (octal() >= 0) return { length: 4, value: octal(), isByte: true };
    }
    if (last(6) === BACKSLASH && last(5) === LETTER_U && digits(4) >= 0) {
      return { length: 6, value: digits(4), isByte: false };
    }
    return undefined;
  }

  function pushCharacter(value: number, start: number, end: number): void {
    const isLowSurrogate = value >= 0xdc00 && value <= 0xdfff;
    if (isLowSurrogate && last(3) === 0xed && last(2) >= 0xa0 && last(2) < 0xb0) {
      const high = ((last(2) & 0x0f) << 6) | (last(1) & 0x3f);
      const from = into.starts[into.length - 3] ?? start;
      into.length -= 3;
      into.pushCodePoint(0x10000 + (high << 10) + (value & 0x3ff), from, end);
    } else {
      into.pushCodePoint(value, start, end);
    }
  }

  /**
   * What an escape without ink leaves out goes with what is before it: it may be the end of a secret. A backslash there
   * is itself left out at the end, and so the byte before it is the one that counts.
   */
  function leaveOut(end: number): void {
    for (let at = into.length - 1; at >= base; at--) {
      into.ends[at] = end;
      if (into.bytes[at] !== BACKSLASH) return;
    }
  }

  /**
   * Takes one byte, which `isMeant` by an escape or stands there itself; gives the byte that it has completed an escape
   * to, with its place, where there is one.
   */
  function take(byte: number, start: number, end: number, isMeant: boolean): Taken | undefined {
    const isBehindBackslash = last(1) === BACKSLASH;
    const isLineBreak = byte === LINE_FEED || byte === CARRIAGE_RETURN;
    if (byte === ESCAPE) isSequenceMeant = isMeant;
    const isOfSequence = inSequence(byte);
    if (isOfSequence || isLineBreak) {
      if (isMeant || (isOfSequence && isSequenceMeant)) leaveOut(end);
      if (isLineBreak && isBehindBackslash && (isMeant || !isWrapped)) into.length--;
      return undefined;
    }
    if (isBehindBackslash && byte === BACKSLASH) return undefined;
    if (isBehindBackslash && !BEGINNINGS.has(byte)) into.length--;
    const isControl = isBehindBackslash && CONTROL_LETTERS.has(byte);
    if (isControl || isBlank(byte) || QUOTES.has(byte)) {
      if (isControl || isMeant) leaveOut(end);
      return undefined;
    }
    into.push(byte, start, end);
    const ended = byte < 0x80 ? ending() : undefined;
    if (ended === undefined) return undefined;
    into.length -= ended.length;
    const from = into.starts[into.length] ?? start;
    if (ended.value < 0x80) return { byte: ended.value, start: from, end };
    if (ended.isByte) into.push(ended.value, from, end);
    else pushCharacter(ended.value, from, end);
    return undefined;
  }

  for (let at = 0; at < source.length; at++) {
    const behind = behindCommand(source, at);
    if (behind > at) {
      at = behind - 1;
      continue;
    }
    let next = take(source.bytes[at] ?? 0, source.starts[at] ?? 0, source.ends[at] ?? 0, false);
    while (next !== undefined) next = take(next.byte, next.start, next.end, true);
  }
  into.remove(BACKSLASH, base);
}

import { ByteView, readBare } from "./byte-view.ts";
import { hexValue, readPlain } from "./read-plain.ts";

/** Fewer digits hold nothing that is looked for. */
const MIN_RUN = 6;
const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const NO_SIGN = 64;
const PADDING = "=".charCodeAt(0);
const BASE64 = new Uint8Array(256).fill(NO_SIGN);
for (const [value, sign] of [...SIGNS].entries()) BASE64[sign.charCodeAt(0)] = value;
BASE64["-".charCodeAt(0)] = 62;
BASE64["_".charCodeAt(0)] = 63;

/** Digits of `bits` bits each, from `from` to `to`, as bytes. Those at the end that fill no byte are left out. */
function joinDigits(digits: ByteView, from: number, to: number, bits: number, into: ByteView): void {
  let pending = 0;
  let pendingBits = 0;
  let start = from;
  for (let at = from; at < to; at++) {
    if (pendingBits === 0) start = at;
    pending = (pending << bits) | (digits.bytes[at] ?? 0);
    pendingBits += bits;
    if (pendingBits < 8) continue;
    pendingBits -= 8;
    into.push(pending >> pendingBits, digits.starts[start] ?? 0, digits.ends[at] ?? 0);
    pending &= (1 << pendingBits) - 1;
    start = at;
  }
}

/**
 * Appends what each run of digits decodes to, from each place where a byte may begin, as it is and read plainly. What is
 * no digit (`limit` or above) ends a run; between the readings stands a 0.
 */
function readRuns(digits: ByteView, limit: number, bits: number, into: ByteView): void {
  const decoded = new ByteView();
  const alignments = bits === 4 ? 2 : 4;
  let from = 0;
  for (let at = 0; at <= digits.length; at++) {
    if (at < digits.length && (digits.bytes[at] ?? limit) < limit) continue;
    for (let skipped = 0; skipped < alignments && at - from >= MIN_RUN; skipped++) {
      decoded.length = 0;
      joinDigits(digits, from + skipped, at, bits, decoded);
      // What stands before a secret may be decoded to anything, half an escape as well.
      readBare(decoded, into);
      into.push(0, 0, 0);
      readPlain(decoded, into, { isWrapped: false });
      into.push(0, 0, 0);
    }
    from = at + 1;
  }
}

/** Appends what the base64 in the plain reading from `from` to `to` decodes to, in either alphabet. */
export function readBase64(readings: ByteView, from: number, to: number): void {
  const { bytes, starts, ends } = readings;
  const digits = new ByteView(to - from + 1);
  for (let at = from; at < to; at++) {
    const padding = bytes[at + 1] !== PADDING ? 0 : bytes[at + 2] !== PADDING ? 1 : 2;
    digits.push(BASE64[bytes[at] ?? 0] ?? NO_SIGN, starts[at] ?? 0, ends[at + padding] ?? 0);
  }
  readRuns(digits, NO_SIGN, 6, readings);
}

const NO_DIGIT = 16;
/** What stands before the bytes in the lines of `xxd`, `od` and `hexdump -C`. */
const OFFSET = "[ \\t]{0,8}[0-9a-fA-F]{6,16}:?[ \\t]{1,8}(?=[0-9a-fA-F]{2})";
const DUMP_LINE = new RegExp(`^${OFFSET}`, "m");
const SEPARATOR = /[\s:,;\\-]/;
const ESCAPE = "\u001b";
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences end with some.
const SEQUENCE = /.(?:\[[0-9;?]{0,32}[@-~]|[()*+].|\][^\x07\x1b\r\n]{0,512}(?:\x07|\x1b\\))/y;
/** Between the bytes and their characters; `hexdump -C` has two spaces after eight bytes as well. */
const END_OF_DUMP = /[ \t]{2,}(?![0-9a-fA-F]{2}(?:\s|$))/y;

function readHexDigits(text: string, areDumps: boolean): ByteView {
  const offset = new RegExp(OFFSET, "y");
  const digits = new ByteView();
  let inDump = false;
  for (let at = 0; at < text.length; at++) {
    if (areDumps && (at === 0 || text[at - 1] === "\n")) {
      offset.lastIndex = at;
      inDump = offset.test(text);
      if (inDump) at = offset.lastIndex;
    }
    const character = text.charCodeAt(at);
    const value = hexValue(character);
    SEQUENCE.lastIndex = at;
    if (text[at] === ESCAPE && SEQUENCE.test(text)) {
      at = SEQUENCE.lastIndex - 1;
    } else if (value === 0 && /[xX]/.test(text[at + 1] ?? "")) {
      at++;
    } else if (value >= 0) {
      digits.push(value, at, at + 1);
    } else if (!SEPARATOR.test(text[at] ?? "")) {
      if (digits.length > 0 && digits.bytes[digits.length - 1] !== NO_DIGIT) digits.push(NO_DIGIT, at, at);
    } else if (inDump) {
      END_OF_DUMP.lastIndex = at;
      const end = END_OF_DUMP.test(text) ? text.indexOf("\n", at) : at;
      at = end < 0 ? text.length : end;
    }
  }
  return digits;
}

/** Appends what the hexadecimal digits of a text decode to: in one piece, in groups, wrapped, or in a dump with offsets. */
export function readHex(text: string, into: ByteView): void {
  readRuns(readHexDigits(text, false), NO_DIGIT, 4, into);
  if (DUMP_LINE.test(text)) readRuns(readHexDigits(text, true), NO_DIGIT, 4, into);
}

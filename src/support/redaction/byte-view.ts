/** Bytes that were read out of a text, each with its place there, in UTF-16 units; `ends` are exclusive. */
export class ByteView {
  length = 0;
  bytes: Uint8Array;
  starts: Uint32Array;
  ends: Uint32Array;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
    this.starts = new Uint32Array(capacity);
    this.ends = new Uint32Array(capacity);
  }

  push(byte: number, start: number, end: number): void {
    if (this.length === this.bytes.length) this.#grow();
    this.bytes[this.length] = byte;
    this.starts[this.length] = start;
    this.ends[this.length] = end;
    this.length++;
  }

  /** The UTF-8 bytes of one code point; half a surrogate pair becomes three bytes of its own. */
  pushCodePoint(code: number, start: number, end: number): void {
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    const mark = [0, 0, 0xc0, 0xe0, 0xf0][bytes] ?? 0;
    this.push(mark | (code >> (6 * (bytes - 1))), start, end);
    for (let left = bytes - 2; left >= 0; left--) this.push(0x80 | ((code >> (6 * left)) & 0x3f), start, end);
  }

  /** Takes out every such byte from `from` on. */
  remove(byte: number, from: number): void {
    let kept = from;
    for (let at = from; at < this.length; at++) {
      if (this.bytes[at] === byte) continue;
      this.bytes[kept] = this.bytes[at] ?? 0;
      this.starts[kept] = this.starts[at] ?? 0;
      this.ends[kept] = this.ends[at] ?? 0;
      kept++;
    }
    this.length = kept;
  }

  #grow(): void {
    const { bytes, starts, ends } = this;
    const capacity = 2 * bytes.length;
    this.bytes = new Uint8Array(capacity);
    this.starts = new Uint32Array(capacity);
    this.ends = new Uint32Array(capacity);
    this.bytes.set(bytes);
    this.starts.set(starts);
    this.ends.set(ends);
  }
}

/** Reads a text as UTF-8. */
export function readText(text: string, into: ByteView): void {
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) ?? 0;
    const units = code > 0xffff ? 2 : 1;
    into.pushCodePoint(code, at, at + units);
    at += units - 1;
  }
}

const SPACE = 0x20;
const DELETE = 0x7f;

/** Whether an ASCII byte leaves no ink: white space, line breaks, control characters. */
export const isBlank = (byte: number): boolean => byte <= SPACE || byte === DELETE;

/** Copies what has ink: a text that was wrapped or indented reads as one. */
export function readBare(source: ByteView, into: ByteView): void {
  const { bytes, starts, ends, length } = source;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] ?? 0;
    if (!isBlank(byte)) into.push(byte, starts[at] ?? 0, ends[at] ?? 0);
  }
}

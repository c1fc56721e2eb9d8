import type { ByteView } from "./byte-view.ts";
import { type Needles, WINDOW } from "./needles.ts";

/** Tells the place of what was found: UTF-16 units of the text, the end exclusive. */
type Found = (start: number, end: number) => void;

/**
 * A hash for up to `WINDOW` bytes by tables of chance: nobody can prepare texts that collide, and so the time of a table
 * with open addressing stays linear whatever the texts are.
 */
function createHash(): (bytes: Uint8Array, at: number, length: number) => number {
  const table = crypto.getRandomValues(new Uint32Array(WINDOW * 256));
  return (bytes, at, length) => {
    let hash = 0;
    for (let index = 0; index < length; index++) hash ^= table[index * 256 + (bytes[at + index] ?? 0)] ?? 0;
    return hash >>> 0;
  };
}

function areEqual(a: Uint8Array, atA: number, b: Uint8Array, atB: number, length: number): boolean {
  for (let index = 0; index < length; index++) if (a[atA + index] !== b[atB + index]) return false;
  return true;
}

/** The places where a needle may begin. */
function candidatesIn({ bytes, length }: ByteView, needles: Needles): Uint32Array {
  const { beginnings } = needles;
  const mayBegin = (at: number) => beginnings[(bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)] === 1;
  let count = 0;
  for (let at = 0; at + needles.length <= length; at++) if (mayBegin(at)) count++;
  const candidates = new Uint32Array(count);
  for (let at = 0, next = 0; next < count; at++) if (mayBegin(at)) candidates[next++] = at;
  return candidates;
}

function isWordByte(byte: number): boolean {
  const isDigit = byte >= 0x30 && byte <= 0x39;
  const lower = byte | 0x20;
  return isDigit || (lower >= 0x61 && lower <= 0x7a) || byte === 0x5f || byte >= 0x80;
}

/** Whether the bytes from `from` to `to` are no part of a longer word of the text. */
function isWord({ bytes, starts, ends, length }: ByteView, from: number, to: number): boolean {
  const goesOn = (left: number) =>
    isWordByte(bytes[left] ?? 0) && isWordByte(bytes[left + 1] ?? 0) && (ends[left] ?? 0) >= (starts[left + 1] ?? 0);
  return !(from > 0 && goesOn(from - 1)) && !(to < length && goesOn(to - 1));
}

/**
 * Finds needles of one length. The text is what is put into a table, not the needles: it is bounded, and the needles pass
 * by. Time grows with the text's length plus the needles', memory with the text's.
 */
function findOfLength(hay: ByteView, needles: Needles, hash: ReturnType<typeof createHash>, found: Found): void {
  const { length, bytes, step } = needles;
  const candidates = candidatesIn(hay, needles);
  if (candidates.length === 0) return;
  const size = 2 ** Math.ceil(Math.log2(2 * candidates.length));
  /** Which candidate stands for all that are equal, plus one. */
  const table = new Uint32Array(size);
  const slotOf = (from: Uint8Array, at: number) => {
    let slot = hash(from, at, length) & (size - 1);
    for (let entry = table[slot] ?? 0; entry !== 0; entry = table[slot] ?? 0) {
      if (areEqual(hay.bytes, candidates[entry - 1] ?? 0, from, at, length)) return slot;
      slot = (slot + 1) & (size - 1);
    }
    return slot;
  };

  const slots = new Uint32Array(candidates.length);
  for (let index = 0; index < candidates.length; index++) {
    const slot = slotOf(hay.bytes, candidates[index] ?? 0);
    slots[index] = slot;
    if (table[slot] === 0) table[slot] = index + 1;
  }
  const hits = new Uint8Array(size);
  for (let at = 0; at + length <= bytes.length; at += step) {
    const slot = slotOf(bytes, at);
    if (table[slot] !== 0) hits[slot] = 1;
  }
  for (let index = 0; index < candidates.length; index++) {
    const from = candidates[index] ?? 0;
    const to = from + length;
    if (hits[slots[index] ?? 0] === 0 || (needles.areWords && !isWord(hay, from, to))) continue;
    found(hay.starts[from] ?? 0, hay.ends[to - 1] ?? 0);
  }
}

/** Makes a function that finds every needle in the readings of a text. */
export function createFinder(all: readonly Needles[]): (hay: ByteView, found: Found) => void {
  const hash = createHash();
  return (hay, found) => {
    for (const needles of all) findOfLength(hay, needles, hash, found);
  };
}

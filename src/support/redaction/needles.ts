import { ByteView, readBare, readText } from "./byte-view.ts";
import { readPlain } from "./read-plain.ts";

/** Bytes of a secret that are hidden wherever they stand together, though the rest of it does not. */
export const WINDOW = 16;
/** Shorter secrets are hidden where they are a word of their own: in the middle of other words they are chance. */
export const MIN_FREE = 8;
/** Shorter ones are not looked for: to replace every `1` or `dev` would tell the value by what is missing. */
export const MIN_SECRET_LENGTH = 4;

/** Characters of all secrets together that are looked for; where there are more, nothing at all is shown. */
const MAX_TOTAL = 8 * 1024 ** 2;
/** Long secrets are read in pieces, so that the readings stay small. The overlap holds more than a window in any form. */
const PIECE = 32 * 1024;
const OVERLAP = 1024;

/** Longer lines hold a window, whatever of them is white space and escapes, and are found as part of the whole. */
const MAX_SHORT_LINE = 8 * WINDOW;

/** Byte sequences of one length that are looked for, one behind the other. */
export interface Needles {
  readonly length: number;
  readonly bytes: Uint8Array;
  /** From one needle to the next. */
  readonly step: number;
  /** Whether they are looked for as words of their own alone. */
  readonly areWords: boolean;
  /** For each pair of bytes, `first * 256 + second`, whether a needle begins with it. */
  readonly beginnings: Uint8Array;
}

/** Bytes that grow. */
class Pool {
  #bytes = new Uint8Array(64);
  #length = 0;

  append(more: Uint8Array): void {
    const length = this.#length + more.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(more, this.#length);
    this.#length = length;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** No reading holds this byte, so that no window reaches from one secret into the next. */
const BETWEEN = Uint8Array.of(1);

/** The texts that are looked for in place of a secret: itself, as forms write its spaces, and its short lines. */
function* textsOf(secret: string): Generator<string> {
  const text = secret.trim();
  for (let from = 0; from === 0 || from + OVERLAP < text.length; from += PIECE - OVERLAP) {
    const piece = text.slice(from, from + PIECE);
    yield piece;
    if (piece.includes(" ")) yield piece.replaceAll(" ", "+");
  }
  if (!/[\r\n]/.test(text)) return;
  for (const line of text.split(/[\r\n]+/)) {
    const short = line.trim();
    if (short.length >= MIN_FREE && short.length < MAX_SHORT_LINE) yield short;
  }
}

function needlesIn(length: number, areWords: boolean, bytes: Uint8Array): Needles {
  const step = length === WINDOW ? 1 : length;
  const beginnings = new Uint8Array(256 * 256);
  for (let at = 0; at + length <= bytes.length; at += step) {
    beginnings[(bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)] = 1;
  }
  return { length, bytes, step, areWords, beginnings };
}

/**
 * What to look for, for secrets of any number and length: of long ones every window, of short ones the whole, as they
 * are and as a plain reading gives them. Linear in the secrets' length; keeps about twice as many bytes. `undefined`
 * where that would be too many.
 */
export function needlesOf(secrets: readonly string[]): readonly Needles[] | undefined {
  const wanted = new Set(secrets);
  let total = 0;
  for (const secret of wanted) total += secret.length;
  if (total > MAX_TOTAL) return undefined;

  const [words, free] = [new Map<number, Pool>(), new Map<number, Pool>()];
  const add = (bytes: Uint8Array, pools: Map<number, Pool>) => {
    if (bytes.length < MIN_SECRET_LENGTH) return;
    const length = Math.min(bytes.length, WINDOW);
    const pool = pools.get(length) ?? new Pool();
    pools.set(length, pool);
    pool.append(bytes);
    if (length === WINDOW) pool.append(BETWEEN);
  };

  const [text, bare, plain] = [new ByteView(), new ByteView(), new ByteView()];
  for (const secret of wanted) {
    for (const part of textsOf(secret)) {
      for (const view of [text, bare, plain]) view.length = 0;
      readText(part, text);
      readBare(text, bare);
      readPlain(text, plain, { isWrapped: false });
      const asItIs = bare.bytes.subarray(0, bare.length);
      const meant = plain.bytes.subarray(0, plain.length);
      const pools = asItIs.length < MIN_FREE ? words : free;
      add(asItIs, pools);
      if (Buffer.compare(asItIs, meant) !== 0) add(meant, pools);
    }
  }
  return [words, free].flatMap((pools) =>
    [...pools].map(([length, pool]) => needlesIn(length, pools === words, pool.bytes)),
  );
}

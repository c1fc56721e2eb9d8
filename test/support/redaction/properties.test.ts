import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ASKED_LINES, createDemultiplexer, tailOf } from "../../../src/docker/container/container-tail.ts";
import { shownLines } from "../../../src/support/output-tail.ts";
import { createRedactor, REDACTED } from "../../../src/support/redaction.ts";
import { DUMPS, ENCODINGS } from "./encodings.ts";

const INKLESS = /[\s\p{Cc}\p{Cf}"'`\\]/gu;
const end = fc.constantFrom(..."abcxyzABCXYZ0123789");
const graphemes = fc.string({ unit: "grapheme", maxLength: 60 });
const middle = fc.oneof(
  fc.string({ maxLength: 60 }),
  graphemes,
  fc.string({ unit: fc.constantFrom(..."aZ09+/_-=%&;:#$!\"'\\<> \n\t€ü漢😀"), maxLength: 60 }),
);

/**
 * Secrets of 8 characters or more that are not quotes, backslashes or white space. A backslash at the end of a line
 * cannot be told from an escape that was wrapped.
 */
const secret = fc
  .tuple(end, middle, end)
  .map((parts) =>
    parts
      .join("")
      .replaceAll("\0", "")
      .replace(/\\(?=[\s\p{Cc}])/gu, ""),
  )
  .filter((text) => [...text.replace(INKLESS, "")].length >= 8);

/** What stands around a secret, and has no character that a secret or one of its forms has. */
const FILLER = "·";

/** Puts breaks between the characters of a text. */
function broken(text: string, sizes: readonly number[], between: string): string {
  const pieces: string[] = [];
  const characters = [...text];
  for (let at = 0, n = 0; at < characters.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    pieces.push(characters.slice(at, at + size).join(""));
    at += size;
  }
  return pieces.join(between);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with one.
const SEQUENCES = /\x1b(?:\[[0-9;]*m|\(B|\][^\x07\x1b]*(?:\x07|\x1b\\))/g;
/** What is left of a secret in a text that was redacted; a backslash before or behind it says nothing. */
const leftOf = (shown: string): string =>
  shown
    .replaceAll(REDACTED, "")
    .replace(SEQUENCES, "")
    .replace(/[·\s\\]/g, "");

const sizes = fc.array(fc.integer({ min: 1, max: 76 }), { minLength: 1, maxLength: 5 });
const breaks = fc.constantFrom(
  "\n",
  "\r",
  "\r\n",
  "\x1b[1;31m",
  "\x1b[0m\n\x1b[32m",
  "\x1b(B\x1b[m",
  "\x1b]8;;https://a.example/b\x07",
  "\x1b]0;~\x1b\\",
);

describe("no secret of 8 characters or more survives", () => {
  test.each(ENCODINGS)("in %s, whatever breaks it", (_name, encode) => {
    const check = (text: string, cuts: readonly number[], between: string) => {
      const form = encode(text);
      const redact = createRedactor(["another-secret-of-the-task", text]);
      expect(leftOf(redact(`${FILLER}${form}${FILLER}\n${FILLER}`))).toBe("");
      expect(leftOf(redact(`${FILLER} ${broken(form, cuts, between)} ${FILLER}`))).toBe("");
    };
    fc.assert(fc.property(secret, sizes, breaks, check), { numRuns: 150 });
  });

  test("in base64 or hexadecimal together with other bytes", () => {
    const around = fc.string({ unit: fc.constantFrom(..."#:|"), maxLength: 7 });
    const check = (before: string, text: string, after: string) => {
      const bytes = Buffer.from(`${before}${text}${after}`);
      for (const form of [bytes.toString("base64"), bytes.toString("base64url"), bytes.toString("hex")]) {
        const shown = createRedactor([text])(form);
        // One sign at each border holds bits of both.
        expect(shown.replaceAll(REDACTED, "").length).toBeLessThanOrEqual(2 * (before.length + after.length) + 3);
      }
    };
    fc.assert(fc.property(around, secret, around, check), { numRuns: 300 });
  });

  test.each(DUMPS)("in the lines of %s", (_name, dump) => {
    const check = (before: number, text: string) => {
      const shown = createRedactor([text])(dump(Buffer.from(`${"~".repeat(before)}${text}`)));
      const hex = shown
        .replaceAll(REDACTED, "")
        .replace(/^[0-9a-f]{7,}:? +/gm, "")
        .replace(/ *\|?\.*\|?$/gm, "");
      const expected = "7e".repeat(before);
      expect(hex.replace(/\s/g, "").slice(0, expected.length + 1)).toBe(expected);
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        secret.filter((text) => !/\s/.test(text)),
        check,
      ),
      {
        numRuns: 200,
      },
    );
  });

  test("where only part of it is shown, of 16 bytes or more", () => {
    const long = fc.string({
      unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789+/"),
      minLength: 17,
      maxLength: 90,
    });
    const check = (text: string, from: number, length: number) => {
      const start = from % (text.length - 16);
      const part = text.slice(start, start + 16 + length);
      for (const [, encode] of ENCODINGS) expect(leftOf(createRedactor([text])(`· ${encode(part)} ·`))).toBe("");
    };
    fc.assert(fc.property(long, fc.nat(), fc.nat(80), check), { numRuns: 150 });
  });
});

/** The stream of Docker's API: `text` in frames of those sizes, and that in chunks of those sizes. */
function chunksOf(text: string, frameSizes: readonly number[], chunkSizes: readonly number[]): readonly Buffer[] {
  const frames = piecesOf(Buffer.from(text), frameSizes).map((payload, n) => {
    const header = Buffer.alloc(8);
    header[0] = 1 + (n % 2);
    header.writeUInt32BE(payload.length, 4);
    return Buffer.concat([header, payload]);
  });
  return piecesOf(Buffer.concat(frames), chunkSizes);
}

function piecesOf(bytes: Buffer, pieceSizes: readonly number[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = pieceSizes[n % pieceSizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

describe("the tail of an output", () => {
  const streamSizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 });
  const line = fc.record({
    secret: fc.nat(1),
    encoding: fc.constantFrom(...ENCODINGS.map(([, encode]) => encode)),
    cuts: sizes,
    between: fc.constantFrom("\n", "\r", "\r\n", "\x1b[31m"),
    end: fc.constantFrom("\n", "\r\n", `${FILLER}\n`, FILLER.repeat(300)),
  });

  test("shows no part of a secret, however the stream is cut and what its bound leaves of it", () => {
    const check = (
      both: readonly [string, string],
      lines: readonly {
        secret: number;
        encoding: (text: string) => string;
        cuts: number[];
        between: string;
        end: string;
      }[],
      frameSizes: readonly number[],
      chunkSizes: readonly number[],
      bound: number,
    ) => {
      const output = lines.map(
        (part) =>
          `${FILLER}${broken(part.encoding(both[part.secret] ?? ""), part.cuts, part.between)}${FILLER}${part.end}`,
      );
      const demultiplexer = createDemultiplexer(bound);
      for (const chunk of chunksOf(output.join(""), frameSizes, chunkSizes)) demultiplexer.push(chunk);
      const tail = tailOf(demultiplexer.last());
      const shown = shownLines(tail, createRedactor(both)).filter((text) => !/left out\)$/.test(text));
      const notes = /\(start of the line left out\) …|… \(\d+ characters left out\) …/g;
      // A note may cut a mark in two.
      const left = shown.map((text) => leftOf(text.replace(notes, "")).replace(/[[\]redact]/g, ""));
      const bare = left.join("").replace(/[^A-Za-z0-9]/g, "");
      expect(bare).toBe("");
    };
    const wide = fc.oneof(fc.integer({ min: 2_500, max: 6_000 }), fc.constant(128 * 1024));
    fc.assert(
      fc.property(fc.tuple(secret, secret), fc.array(line, { maxLength: 40 }), streamSizes, streamSizes, wide, check),
      { numRuns: 200 },
    );
  }, 60_000);

  test("is the output's own last lines where there is no secret", () => {
    const words = fc.array(graphemes.map((text) => text.replace(/[\r\n]/g, "")));
    const check = (texts: readonly string[], frameSizes: readonly number[], chunkSizes: readonly number[]) => {
      const output = texts.map((text) => `${text}\n`).join("");
      const demultiplexer = createDemultiplexer(64 * 1024);
      for (const chunk of chunksOf(output, frameSizes, chunkSizes)) demultiplexer.push(chunk);
      const end = demultiplexer.last();
      fc.pre(end.frames < ASKED_LINES);
      expect([...shownLines(tailOf(end), createRedactor(["a-secret-that-is-not-there"]))]).toEqual([...texts]);
    };
    fc.assert(fc.property(words, streamSizes, streamSizes, check), { numRuns: 200 });
  });
});

test("a text without a secret and without a login stays as it is", () => {
  const units = fc.array(fc.nat(0xffff), { maxLength: 100 }).map((codes) => String.fromCharCode(...codes));
  const text = fc.oneof(units, graphemes);
  const check = (secrets: readonly string[], shown: string) => {
    fc.pre(!shown.includes("@"));
    expect(createRedactor(secrets)(shown)).toBe(shown);
  };
  fc.assert(fc.property(fc.array(secret, { maxLength: 5 }), text, check), { numRuns: 200 });
});

import { closeSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";

/** Far more than a file of settings, logins or certificates holds. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;

const PIECE_BYTES = 64 * 1024;

/** A file that holds more than it may, as the system would say it. */
class TooLarge extends Error {
  readonly code = "EFBIG";
}

function tooLarge(maxBytes: number): TooLarge {
  return new TooLarge(`EFBIG: more than ${maxBytes} bytes`);
}

/**
 * Reads a file, pipe or device to its end. Throws as `readFileSync` does, and an error with the code EFBIG where there is
 * more than `maxBytes`, of which no more is read.
 */
export function readAtMost(path: string, maxBytes = MAX_FILE_BYTES): Buffer {
  const handle = openSync(path, "r");
  try {
    const pieces: Buffer[] = [];
    let size = 0;
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const count = readSync(handle, piece, 0, piece.length, null);
      if (count === 0) return Buffer.concat(pieces, size);
      size += count;
      if (size > maxBytes) throw tooLarge(maxBytes);
      pieces.push(piece.subarray(0, count));
    }
  } finally {
    closeSync(handle);
  }
}

/** The same without keeping anything else waiting. */
export async function readAtMostLater(path: string, maxBytes = MAX_FILE_BYTES): Promise<Buffer> {
  const handle = await open(path, "r");
  try {
    const pieces: Buffer[] = [];
    let size = 0;
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, null);
      if (bytesRead === 0) return Buffer.concat(pieces, size);
      size += bytesRead;
      if (size > maxBytes) throw tooLarge(maxBytes);
      pieces.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

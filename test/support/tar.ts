/** One entry of a tar archive. Paths are relative, without a leading slash. */
export type TarEntry =
  | { readonly path: string; readonly content: string | Uint8Array; readonly mode?: number }
  | { readonly path: string; readonly folder: true; readonly mode?: number }
  | { readonly path: string; readonly linkTo: string };

const BLOCK = 512;

/** A tar archive in the POSIX format ustar, with root as owner and no times: equal entries make equal bytes. */
export function makeTar(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  const blocks: Uint8Array[] = [];
  for (const entry of entries) {
    if ("content" in entry) {
      const content = typeof entry.content === "string" ? new TextEncoder().encode(entry.content) : entry.content;
      blocks.push(header(entry.path, "0", entry.mode ?? 0o644, content.byteLength), content);
      blocks.push(new Uint8Array((BLOCK - (content.byteLength % BLOCK)) % BLOCK));
    } else if ("linkTo" in entry) {
      blocks.push(header(entry.path, "2", 0o777, 0, entry.linkTo));
    } else {
      blocks.push(header(`${entry.path}/`, "5", entry.mode ?? 0o755, 0));
    }
  }
  blocks.push(new Uint8Array(2 * BLOCK));
  return concatenate(blocks);
}

function header(path: string, type: string, mode: number, size: number, linkTo = ""): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (offset: number, length: number, text: string) => {
    const bytes = new TextEncoder().encode(text);
    if (bytes.byteLength > length) throw new Error(`too long for a tar header: ${text}`);
    block.set(bytes, offset);
  };
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, "0");
  put(0, 100, path);
  put(100, 8, octal(mode, 8));
  put(108, 8, octal(0, 8));
  put(116, 8, octal(0, 8));
  put(124, 12, octal(size, 12));
  put(136, 12, octal(0, 12));
  put(148, 8, " ".repeat(8));
  put(156, 1, type);
  put(157, 100, linkTo);
  put(257, 8, "ustar\x0000");
  put(
    148,
    8,
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    )}\0 `,
  );
  return block;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}

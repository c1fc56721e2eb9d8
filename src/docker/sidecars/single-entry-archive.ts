/** What an archive of one entry holds. */
export type ArchiveEntry =
  | { readonly kind: "empty-file" }
  /** A symbolic link to `target`, at most 100 bytes long. */
  | { readonly kind: "link"; readonly target: string };

const BLOCK = 512;

/** A tar archive of one entry that belongs to root, in the POSIX format ustar: `name` is relative and at most 100 bytes long. */
export function singleEntryArchive(name: string, entry: ArchiveEntry): Uint8Array<ArrayBuffer> {
  const isLink = entry.kind === "link";
  // The header and two blocks of zeros, which end the archive.
  const archive = new Uint8Array(3 * BLOCK);
  const put = (text: string, at: number) => archive.set(new TextEncoder().encode(text), at);
  const number = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  put(name, 0);
  put(number(isLink ? 0o777 : 0o644, 7), 100);
  put(number(0, 7), 108);
  put(number(0, 7), 116);
  put(number(0, 11), 124);
  put(number(0, 11), 136);
  put(" ".repeat(8), 148);
  put(isLink ? "2" : "0", 156);
  if (isLink) put(entry.target, 157);
  put("ustar\x0000", 257);
  // The sum is taken with blanks in its own place.
  const sum = archive.subarray(0, BLOCK).reduce((total, byte) => total + byte, 0);
  put(`${number(sum, 6)} `, 148);
  return archive;
}

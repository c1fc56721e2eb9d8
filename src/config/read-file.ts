import { closeSync, openSync, readSync } from "node:fs";

/** A file's bytes, or one plain phrase that says why there are none. */
export type FileContent =
  | { readonly kind: "content"; readonly bytes: Uint8Array }
  | { readonly kind: "unreadable"; readonly reason: string };

/** Reads the file at a path. */
export type ReadFile = (path: string) => FileContent;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file; a part of the path is not a folder",
  EACCES: "this user may not read it",
  EPERM: "this user may not read it",
  EISDIR: "it is a folder; name the file in it",
  ELOOP: "its links go in circles",
  ENAMETOOLONG: "the path is too long",
};

/** A config file is a page or two; 256 KiB is far more, and bounds what a wrong path costs. */
const MOST_BYTES = 256 * 1024;

/** Reads at most 256 KiB of a file, pipe or device. */
export const readConfigBytes: ReadFile = (path) => {
  let handle: number | undefined;
  try {
    handle = openSync(path, "r");
    const buffer = new Uint8Array(MOST_BYTES + 1);
    let length = 0;
    while (length < buffer.length) {
      const count = readSync(handle, buffer, length, buffer.length - length, null);
      if (count === 0) return { kind: "content", bytes: buffer.subarray(0, length) };
      length += count;
    }
    return { kind: "unreadable", reason: `it is larger than ${MOST_BYTES / 1024} KiB` };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown trouble";
    return { kind: "unreadable", reason: REASONS[code] ?? `the system says ${code}` };
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
};

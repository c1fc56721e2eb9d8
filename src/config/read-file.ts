import { readAtMost } from "../support/read-at-most.ts";

/** A file's bytes, or one plain phrase that says why there are none. */
export type FileContent =
  | { readonly kind: "content"; readonly bytes: Uint8Array }
  | { readonly kind: "unreadable"; readonly reason: string };

/** Reads the file at a path. */
export type ReadFile = (path: string) => FileContent;

/** A config file is a page or two; this is far more, and bounds what a wrong path costs. */
const MOST_KIB = 256;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file; a part of the path is not a folder",
  EACCES: "this user may not read it",
  EPERM: "this user may not read it",
  EISDIR: "it is a folder; name the file in it",
  ELOOP: "its links go in circles",
  EFBIG: `it is larger than ${MOST_KIB} KiB`,
  ENAMETOOLONG: "the path is too long",
};

/** Reads at most 256 KiB of a file, pipe or device. */
export const readConfigBytes: ReadFile = (path) => {
  try {
    return { kind: "content", bytes: readAtMost(path, MOST_KIB * 1024) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown trouble";
    return { kind: "unreadable", reason: REASONS[code] ?? `the system says ${code}` };
  }
};

import { readdirSync, statSync } from "node:fs";
import { MAX_FILE_BYTES, readAtMost } from "../../support/read-at-most.ts";

/** A file's text, or why there is none in words that follow its path ("does not exist"). */
export type FileRead =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly reason: string };

/** What stands at a path where a socket is looked for; `other` carries words that follow the path. */
export type SocketState =
  | { readonly kind: "socket" }
  | { readonly kind: "missing" }
  | { readonly kind: "other"; readonly reason: string };

/** The files that say where the daemon is. Nothing here throws. */
export interface EndpointFiles {
  read(path: string): FileRead;
  socketAt(path: string): SocketState;
  /** Names in a folder, sorted; empty where it cannot be read. */
  list(folder: string): readonly string[];
}

/** The error code of a failed call of the system, if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) {
    return undefined;
  }
  return typeof error.code === "string" ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "may not be read by this user";
    case "EISDIR":
      return "is a folder";
    case "EFBIG":
      return `is larger than ${MAX_FILE_BYTES / 1_048_576} MiB`;
    case "ENOTDIR":
      return "has a file in its path where a folder should be";
    default:
      return `cannot be read (${code ?? "unknown error"})`;
  }
}

/** The files of this machine. */
export const systemFiles: EndpointFiles = {
  read(path) {
    try {
      return { kind: "text", text: readAtMost(path).toString("utf8") };
    } catch (error) {
      return codeOf(error) === "ENOENT" ? { kind: "missing" } : { kind: "unreadable", reason: reasonOf(error) };
    }
  },
  socketAt(path) {
    try {
      const found = statSync(path);
      if (found.isSocket()) {
        return { kind: "socket" };
      }
      return { kind: "other", reason: found.isDirectory() ? "is a folder, not a socket" : "is not a socket" };
    } catch (error) {
      return codeOf(error) === "ENOENT" ? { kind: "missing" } : { kind: "other", reason: reasonOf(error) };
    }
  },
  list(folder) {
    try {
      return readdirSync(folder).sort();
    } catch {
      return [];
    }
  },
};

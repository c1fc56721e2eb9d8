/*
 * What Linux hands to a new process at most (execve(2)): the container's first process, which is no other than these.
 */

/** Bytes of one argument, or one `KEY=VALUE`, with the NUL behind it. */
export const MAX_ENTRY_BYTES = 131_072;
/** Bytes of all variables together, and of all arguments: the kernel has 2 MiB for both, and for pointers to them. */
export const MAX_ENVIRONMENT_BYTES = 1_048_576;
export const MAX_ARGUMENTS_BYTES = 524_288;

/** Bytes that an entry takes. */
export function entryBytes(entry: string): number {
  return Buffer.byteLength(entry, "utf8") + 1;
}

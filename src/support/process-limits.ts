/**
 * Bytes that one argument or one `KEY=VALUE` of a new process may have, its terminating NUL included: MAX_ARG_STRLEN of
 * execve(2), 32 pages of 4 KiB. What is larger ends the start of any process with E2BIG.
 */
export const MAX_ENTRY_BYTES = 131_072;

/**
 * Bytes that all variables of a new process may have together, and all its arguments. The kernel has a quarter of the usual
 * stack of 8 MiB for both, and for the pointers to them.
 */
export const MAX_ENVIRONMENT_BYTES = 1024 * 1024;
export const MAX_ARGUMENTS_BYTES = 512 * 1024;

/** Bytes that an argument or a `KEY=VALUE` takes of a new process, its terminating NUL included. */
export function entryBytes(text: string): number {
  return Buffer.byteLength(text) + 1;
}

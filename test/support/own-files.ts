/** Binds each pair of paths and becomes the command that follows. */
const BIND = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; done; shift; exec "$@"';

/**
 * The beginning of a command line that shows a program, and nobody else, other files or folders in the place of the
 * machine's. Keys are the machine's paths, which must exist; values what is seen there. See unshare(1).
 */
export function withOwnFiles(
  seen: Readonly<Record<string, string>>,
  uid: number | undefined = process.getuid?.(),
): readonly [string, ...string[]] {
  const pairs = Object.entries(seen).flatMap(([path, source]) => [source, path]);
  return ["unshare", "--mount", ...(uid === 0 ? [] : ["--map-root-user"]), "sh", "-c", BIND, "sh", ...pairs, "--"];
}

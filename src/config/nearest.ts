/** Edits (insert, delete, replace, swap of neighbours) that turn `from` into `to`. */
function distance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

/** The known name that `name` most likely means, or undefined if none is near. Case and `_` for `-` do not count. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll("_", "-");
  const wanted = plain(name);
  if (wanted === "" || wanted.length > 64) return undefined;
  let best: { readonly candidate: string; readonly score: number } | undefined;
  for (const candidate of known) {
    const isStart = wanted.length >= 3 && plain(candidate).startsWith(wanted);
    const score = isStart ? 1 : distance(wanted, plain(candidate));
    if (score <= Math.max(1, Math.floor(candidate.length / 3)) && score < (best?.score ?? Number.POSITIVE_INFINITY)) {
      best = { candidate, score };
    }
  }
  return best?.candidate;
}

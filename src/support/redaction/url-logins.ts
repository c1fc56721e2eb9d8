const DIGEST = /^sha\d+:/;
/** What follows the name of a host in an address or the name of an image: a port or a path. */
const HOST = /^[\w.-]+[:/]/;
const MAX_HOST = 260;
/** In JSON slashes may be escaped. */
const SCHEME_END = /:\\?\/\\?\/$/;
/** What stands between an image's name and the words around it. */
const OUTSIDE_NAME = /["'`{}(),;<>=]/;

const isDelimiter = (character: string | undefined): boolean => character === undefined || /[\s/@?#]/.test(character);

/** Where `user:password`, which ends at `end`, begins; undefined where that is none. */
function loginStart(text: string, from: number, end: number): number | undefined {
  let start = end;
  while (start > from && !OUTSIDE_NAME.test(text[start - 1] ?? "")) start--;
  const after = text.slice(end + 1, end + 1 + MAX_HOST);
  const isLogin = /[^:]:[^:]/.test(text.slice(start, end)) && HOST.test(after) && !DIGEST.test(after);
  return isLogin ? start : undefined;
}

/**
 * Finds what stands before the `@` of an address: `user:password` in `https://user:password@host/` and in
 * `user:password@host/image`, and a lone name or token behind `://`. Looks at each character a few times.
 */
export function findUrlLogins(text: string, found: (start: number, end: number) => void): void {
  let hiddenTo: number | undefined;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let from = at;
    while (!isDelimiter(text[from - 1])) from--;
    let start: number | undefined;
    // A password may hold an @ itself.
    if (from - 1 === hiddenTo) start = hiddenTo;
    else if (SCHEME_END.test(text.slice(Math.max(0, from - 5), from))) start = from;
    else start = loginStart(text, from, at);
    if (start === undefined || start === at) continue;
    found(start, at);
    hiddenTo = at;
  }
}

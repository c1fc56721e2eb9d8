import { escapeUnprintable, quoted, shorten } from "./printable.ts";
import { REDACTED } from "./redaction.ts";

/** Longer than names that a registry takes. */
const LONGEST = 500;
/** What stands behind an `@` in place of a host, well written or not. A host may be called so too: it has a dot or a port. */
const DIGEST = /^(?:sha\d+|md5)(?::(?!\d{1,5}$)[^/@]*|[0-9a-f]*)$/i;

/** Where a name's user and password end: at the last `@` that no digest follows; 0 where it has none. */
function endOfUser(image: string): number {
  const last = image.lastIndexOf("@");
  const end = last > 0 && DIGEST.test(image.slice(last + 1)) ? image.lastIndexOf("@", last - 1) : last;
  return Math.max(end, 0);
}

/** Whether an image's name holds, before an `@`, what may be a user's name and password. */
export function holdsUser(image: string): boolean {
  return endOfUser(image) > 0;
}

/** An image's name without what stands before an `@`, which may be a password. A digest is not taken for a host. */
export function withoutUser(image: string): string {
  const end = endOfUser(image);
  return end === 0 ? image : REDACTED + image.slice(end);
}

/** The same for a column or a field: not quoted. */
export function plainImage(image: string, max = LONGEST): string {
  return escapeUnprintable(shorten(withoutUser(image), max));
}

/** An image's name as it came from outside, for a message: without a user, quoted, escaped and not endless. */
export function shownImage(image: string, max = LONGEST): string {
  return quoted(withoutUser(image), max);
}

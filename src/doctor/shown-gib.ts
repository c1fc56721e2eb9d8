/** Bytes for people, in GiB. */
export function shownGib(bytes: number): string {
  const gib = bytes / 2 ** 30;
  return `${gib >= 10 ? Math.round(gib) : gib.toFixed(1)} GiB`;
}

/** How many things are remembered: strangers may bring up any number of them. */
const MAX_REMEMBERED = 500;

/** Does something the first time that it comes up, and nothing any more once too much has come up. */
export function createOnce(): (what: string, action: () => void) => void {
  const seen = new Set<string>();
  return (what, action) => {
    if (seen.has(what) || seen.size >= MAX_REMEMBERED) return;
    seen.add(what);
    action();
  };
}

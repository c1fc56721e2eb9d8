/** Waits, in real time, until `check` holds; the error after `timeoutMs` names `what`. For state that has no event. */
export async function until(what: string, check: () => boolean | Promise<boolean>, timeoutMs = 5_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > end) {
      throw new Error(`not within ${timeoutMs} ms: ${what}`);
    }
    await Bun.sleep(2);
  }
}

/** A wait for a signal, for as long as somebody waits. */
export interface AbortWait {
  /** Resolves once the signal has aborted. */
  readonly promise: Promise<undefined>;
  /** Takes its listener off the signal. */
  forget(): void;
}

export function whenAborted(signal: AbortSignal): AbortWait {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => resolve(undefined);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return { promise, forget: () => signal.removeEventListener("abort", onAbort) };
}

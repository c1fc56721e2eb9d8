/** Work that equal requests share. */
export interface SharedWork<T> {
  /**
   * Joins the work of that key, or starts it. The answer, or the failure, is everybody's. A waiter whose signal aborts
   * leaves with its signal's reason and disturbs nobody; the work itself is aborted when its last waiter has left.
   */
  join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

interface Entry<T> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  waiters: number;
}

/** A set of shared works, empty at first; what has ended is forgotten. */
export function createSharedWork<T>(): SharedWork<T> {
  const entries = new Map<string, Entry<T>>();

  const begin = (key: string, start: (signal: AbortSignal) => Promise<T>): Entry<T> => {
    const abort = new AbortController();
    const entry: Entry<T> = {
      abort,
      waiters: 0,
      result: start(abort.signal).finally(() => {
        if (entries.get(key) === entry) entries.delete(key);
      }),
    };
    // Everybody may have left before it fails.
    entry.result.catch(() => {});
    entries.set(key, entry);
    return entry;
  };

  return {
    join(key, signal, start) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const entry = entries.get(key) ?? begin(key, start);
      entry.waiters += 1;
      return new Promise<T>((resolve, reject) => {
        const leave = () => {
          signal.removeEventListener("abort", onAbort);
          entry.waiters -= 1;
          if (entry.waiters > 0) return;
          if (entries.get(key) === entry) entries.delete(key);
          entry.abort.abort();
        };
        const onAbort = () => {
          leave();
          reject(signal.reason);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        entry.result.then(
          (value) => {
            leave();
            resolve(value);
          },
          (error) => {
            leave();
            reject(error);
          },
        );
      });
    },
  };
}

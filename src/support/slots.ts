/** A bound on how much is done at once; who comes beyond it waits in order. */
export interface Slots {
  /** Does `action` once a slot is free. Rejects with the signal's reason where it aborts before that. */
  with<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T>;
  /** Whether nobody has a slot or waits for one. */
  isIdle(): boolean;
  /** Whether the next one has to wait. */
  isFull(): boolean;
}

export function createSlots(count: number): Slots {
  const waiting = new Set<() => void>();
  let taken = 0;

  function enter(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (taken < count) {
      taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        waiting.delete(go);
        reject(signal.reason);
      };
      waiting.add(go);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  /** The slot goes to whoever has waited longest. */
  function exit(): void {
    for (const next of waiting) {
      waiting.delete(next);
      next();
      return;
    }
    taken -= 1;
  }

  return {
    async with(signal, action) {
      await enter(signal);
      try {
        return await action();
      } finally {
        exit();
      }
    },
    isIdle: () => taken === 0,
    isFull: () => taken >= count,
  };
}

/** Slots of each key's own; those that nobody has are forgotten. */
export function createSlotsByKey(count: number): {
  with<T>(key: string, signal: AbortSignal, action: () => Promise<T>): Promise<T>;
} {
  const byKey = new Map<string, Slots>();
  return {
    async with(key, signal, action) {
      const slots = byKey.get(key) ?? createSlots(count);
      byKey.set(key, slots);
      try {
        return await slots.with(signal, action);
      } finally {
        if (slots.isIdle() && byKey.get(key) === slots) byKey.delete(key);
      }
    },
  };
}

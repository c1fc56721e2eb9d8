import { nowMs, type OzEvent, type Received } from "./oz-events.ts";

type EventBody = OzEvent extends infer E ? (E extends OzEvent ? Omit<E, "atMs"> : never) : never;

/** What the stand-in has seen, and those who wait for more of it. */
export class OzRecord {
  readonly events: OzEvent[] = [];
  readonly received: Received[] = [];
  readonly #waiters = new Set<() => void>();
  readonly #onEvent: (event: OzEvent) => void;

  constructor(onEvent: (event: OzEvent) => void = () => {}) {
    this.#onEvent = onEvent;
  }

  add(body: EventBody): void {
    const event: OzEvent = { atMs: nowMs(), ...body };
    this.events.push(event);
    if (event.kind === "received") this.received.push(event);
    this.#onEvent(event);
    this.changed();
  }

  /** Something that is no event has changed: those who wait look again. */
  changed(): void {
    for (const ask of [...this.#waiters]) ask();
  }

  /** Asks `find` again at every event until it answers; the error after `timeoutMs` tells what came instead. */
  waitFor<T>(what: string, find: () => T | undefined, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const ask = () => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiters.delete(ask);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(ask);
        const seen = this.received.map((one) => `${one.type} ${one.taskId}`).join(", ");
        reject(new Error(`not within ${timeoutMs} ms: ${what}; received: ${seen}`));
      }, timeoutMs);
      this.#waiters.add(ask);
      ask();
    });
  }
}

/** A message on its way to Oz. */
export interface Delivery {
  /** Resolves when Oz has provably read the message; pending for as long as that takes. */
  readonly delivered: Promise<void>;
  /** Sends the message again, after everything queued so far; answers `false` where it is delivered already. */
  repeat(): boolean;
}

/** Messages that Oz has not provably read, in order, whatever becomes of the links that they went over. */
export interface Outbox {
  /** How many messages are not yet delivered. */
  readonly size: number;
  add(text: string): Delivery;
  /** Starts over on a new link: everything undelivered is to be handed over again, in order. */
  startLink(link: number): void;
  hasNext(): boolean;
  /** The next message to hand over to the link. */
  next(): string | undefined;
  /** The payload of a ping: its pong proves that everything handed over so far was read. At most 125 bytes long. */
  barrier(): string;
  /** A pong came in. Payloads that are not this link's own mean nothing. */
  confirm(payload: string): void;
}

interface Entry {
  readonly text: string;
  readonly resolve: () => void;
  /** The place of its last copy on this link; undefined before that went out. */
  place: number | undefined;
  waiting: boolean;
}

/** `onWaiting` is called when there is something (more) to hand over. */
export function createOutbox(onWaiting: () => void): Outbox {
  let entries: Entry[] = [];
  let link = 0;
  let places = 0;

  return {
    get size() {
      return entries.length;
    },

    add(text) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const entry: Entry = { text, resolve, place: undefined, waiting: true };
      entries.push(entry);
      onWaiting();
      return {
        delivered: promise,
        repeat() {
          const at = entries.indexOf(entry);
          if (at < 0) return false;
          entries.splice(at, 1);
          entries.push(entry);
          entry.waiting = true;
          // What was sent before may be what it is to follow: only the last copy counts.
          entry.place = undefined;
          onWaiting();
          return true;
        },
      };
    },

    startLink(number) {
      link = number;
      places = 0;
      for (const entry of entries) {
        entry.place = undefined;
        entry.waiting = true;
      }
    },

    hasNext: () => entries.some((entry) => entry.waiting),

    next() {
      const entry = entries.find((candidate) => candidate.waiting);
      if (entry === undefined) return undefined;
      places += 1;
      entry.waiting = false;
      entry.place = places;
      return entry.text;
    },

    barrier: () => `${link}.${places}`,

    confirm(payload) {
      const [, ofLink, upTo] = /^(\d{1,15})\.(\d{1,15})$/.exec(payload) ?? [];
      if (ofLink === undefined || Number(ofLink) !== link || Number(upTo) > places) return;
      const read = entries.filter((entry) => entry.place !== undefined && entry.place <= Number(upTo));
      entries = entries.filter((entry) => !read.includes(entry));
      for (const entry of read) entry.resolve();
    },
  };
}

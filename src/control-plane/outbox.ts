import type { Delivery } from "../protocol/delivery.ts";
/**
 * Messages that Oz has not provably read, in order, whatever becomes of the links that they went over. No step takes longer
 * for what else is in it.
 */
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

/** One copy of a message in the order in which they go out; once the message is queued again, this one counts no more. */
interface Copy {
  readonly text: string;
  readonly resolve: () => void;
  isCurrent: boolean;
  /** How many copies went out on this link up to this one; undefined before that. */
  place: number | undefined;
}

/** Copies that count no more may be as many as those that do, and some. */
const SLACK = 64;

/** `onWaiting` is called when there is something (more) to hand over. */
export function createOutbox(onWaiting: () => void): Outbox {
  let copies: Copy[] = [];
  /** The first copy that is not delivered, and the first that did not go out on this link. */
  let head = 0;
  let cursor = 0;
  let size = 0;
  let link = 0;
  let places = 0;

  function tidy(): void {
    if (copies.length <= 2 * size + SLACK) return;
    const handedOver = copies.slice(head, cursor).filter((copy) => copy.isCurrent);
    copies = [...handedOver, ...copies.slice(cursor).filter((copy) => copy.isCurrent)];
    head = 0;
    cursor = handedOver.length;
  }

  function queue(text: string, resolve: () => void): Copy {
    const copy: Copy = { text, resolve, isCurrent: true, place: undefined };
    copies.push(copy);
    tidy();
    onWaiting();
    return copy;
  }

  function waitingCopy(): Copy | undefined {
    while (copies[cursor]?.isCurrent === false) cursor += 1;
    return copies[cursor];
  }

  return {
    get size() {
      return size;
    },

    add(text) {
      const { promise, resolve } = Promise.withResolvers<void>();
      size += 1;
      let copy = queue(text, resolve);
      return {
        delivered: promise,
        repeat() {
          if (!copy.isCurrent) return false;
          // What was sent before may be what it is to follow: only the last copy counts.
          copy.isCurrent = false;
          copy = queue(text, resolve);
          return true;
        },
        withdraw() {
          if (!copy.isCurrent) return;
          copy.isCurrent = false;
          size -= 1;
        },
      };
    },

    startLink(number) {
      link = number;
      places = 0;
      cursor = head;
      for (const copy of copies) copy.place = undefined;
    },

    hasNext: () => waitingCopy() !== undefined,

    next() {
      const copy = waitingCopy();
      if (copy === undefined) return undefined;
      cursor += 1;
      places += 1;
      copy.place = places;
      return copy.text;
    },

    barrier: () => `${link}.${places}`,

    confirm(payload) {
      const [, ofLink, upTo] = /^(\d{1,15})\.(\d{1,15})$/.exec(payload) ?? [];
      if (ofLink === undefined || Number(ofLink) !== link || Number(upTo) > places) return;
      for (; head < cursor; head += 1) {
        const copy = copies[head];
        if (copy === undefined || (copy.isCurrent && (copy.place ?? Number.POSITIVE_INFINITY) > Number(upTo))) break;
        if (!copy.isCurrent) continue;
        copy.isCurrent = false;
        size -= 1;
        copy.resolve();
      }
      tidy();
    },
  };
}

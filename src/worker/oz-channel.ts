import type { ClientMessage } from "../protocol/client-message.ts";

/** A message on its way to Oz. */
export interface Delivery {
  /** Resolves when Oz has provably read the message; pending for as long as that takes. */
  readonly delivered: Promise<void>;
  /** Sends the message again, after everything queued so far; answers `false` where it is delivered already. */
  repeat(): boolean;
  /** Sends it no more, where it is not delivered yet; `delivered` stays pending. */
  withdraw(): void;
}

/** The way to Oz, as the worker sees it. Messages survive broken links, in order. */
export interface OzChannel {
  /** Queues a message until it is provably read. */
  send(message: ClientMessage): Delivery;
  /** A way to answer what came over the link at hand. */
  answerer(): Answer;
}

/** Sends a message over the link that the question came over; dropped if that link is gone: it would mean nothing on another. */
export type Answer = (message: ClientMessage) => void;

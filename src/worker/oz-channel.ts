import type { ClientMessage } from "../protocol/client-message.ts";
import type { Delivery } from "../protocol/delivery.ts";

/** The way to Oz, as the worker sees it. Messages survive broken links, in order. */
export interface OzChannel {
  /** Queues a message until it is provably read. */
  send(message: ClientMessage): Delivery;
  /** A way to answer what came over the link at hand. */
  answerer(): Answer;
}

/** Sends a message over the link that the question came over; dropped if that link is gone: it would mean nothing on another. */
export type Answer = (message: ClientMessage) => void;

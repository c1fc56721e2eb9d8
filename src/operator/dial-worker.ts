import type { PeerOf } from "../host/peer.ts";
import { decodeLine, MAX_REPLY_BYTES, Reply } from "./question.ts";
import { type OperatorSocket, operatorAddress } from "./socket-name.ts";

/** What came of one attempt to ask at one socket. */
export type Dialled =
  | { readonly kind: "reply"; readonly reply: Reply }
  /** Something answers that is no worker of this version. */
  | { readonly kind: "odd"; readonly reason: string }
  /** The link was there and ended. */
  | { readonly kind: "hung-up" }
  /** The link is there and nothing came until the signal. */
  | { readonly kind: "silent" }
  /** No link: nobody listens, too many wait, or another process listens. */
  | { readonly kind: "no-link" };

/** Of what cannot be understood, as the rest of a sentence about the worker. */
export const ODD_ANSWER = "answers with something else; it may be of another version";

export interface DialOptions {
  /** Of the process that is to be asked. */
  readonly uid: number;
  readonly peerOf: PeerOf;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/** Sends a line to a socket and reads the reply, if the very process that the name speaks of listens there. */
export function dialWorker(socket: OperatorSocket, line: string, options: DialOptions): Promise<Dialled> {
  const { uid, peerOf, signal } = options;
  const { promise, resolve } = Promise.withResolvers<Dialled>();
  let hangUp = () => {};
  const settle = (dialled: Dialled) => {
    signal.removeEventListener("abort", onAbort);
    resolve(dialled);
    hangUp();
  };
  const onAbort = () => settle({ kind: "silent" });
  signal.addEventListener("abort", onAbort, { once: true });
  const decoder = new TextDecoder();
  let text = "";
  let received = 0;
  // The runtime tells a refusal twice, and does not tell it from a queue that is full.
  const noLink = () => settle({ kind: "no-link" });
  Bun.connect({
    unix: operatorAddress(socket),
    socket: {
      open(link) {
        hangUp = () => link.terminate();
        const peer = peerOf(link);
        if (signal.aborted || peer?.pid !== socket.pid || peer.uid !== uid) noLink();
        // A question is far smaller than what a new link holds.
        else link.write(line);
      },
      data(_, chunk) {
        received += chunk.length;
        if (received > MAX_REPLY_BYTES) {
          settle({ kind: "odd", reason: "answers with too much; it may be of another version" });
          return;
        }
        text += decoder.decode(chunk, { stream: true });
        if (!text.endsWith("\n")) return;
        const reply = decodeLine(Reply, text);
        if (reply !== undefined) settle({ kind: "reply", reply });
        else settle({ kind: "odd", reason: ODD_ANSWER });
      },
      close: () => settle({ kind: "hung-up" }),
      error: () => settle({ kind: "hung-up" }),
      connectError: noLink,
    },
  }).catch(noLink);
  return promise;
}

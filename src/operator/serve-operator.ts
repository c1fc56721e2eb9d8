import type { UnixSocketListener } from "bun";
import { loadPeerOf, type PeerOf } from "../host/peer.ts";
import { type ProcessIdentity, processIdentity } from "../host/process-identity.ts";
import { type Clock, systemClock } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { messageOf } from "../support/message-of.ts";
import { type Answering, replyTo } from "./answering.ts";
import { type OperatorLink, openOperatorLink } from "./operator-link.ts";
import { idMarkOf, newToken, operatorAddress } from "./socket-name.ts";

/** A worker's readiness to be asked. */
export interface OperatorServer {
  /** Stops listening and hangs up. Idempotent. */
  stop(): void;
}

export interface ServeOperatorOptions {
  readonly workerId: string;
  readonly answering: readonly Answering[];
  readonly log: Log;
  readonly clock?: Clock;
  readonly identity?: ProcessIdentity;
}

/** Links at once of one user: more than any use needs. */
const MAX_LINKS = 16;
/** After so many links the socket gets another name. */
const LINKS_A_NAME = 256;

/**
 * Answers the commands that ask a running worker. Root and this process's own user may ask, as far as their processes
 * can be seen from here; anybody else's link is ended in the moment it is accepted. Where a machine has no such sockets,
 * that is logged and the worker goes without.
 */
export function serveOperator(options: ServeOperatorOptions): OperatorServer {
  const { workerId, answering, log, clock = systemClock, identity = processIdentity() } = options;
  const idMark = idMarkOf(workerId);
  const links = new Set<OperatorLink>();
  let server: UnixSocketListener<OperatorLink | undefined> | undefined;
  let accepted = 0;
  let peerOf: PeerOf | undefined;

  const mayAsk = (socket: object): number | undefined => {
    peerOf ??= loadPeerOf();
    const peer = peerOf(socket);
    // Of a process out of sight, even the user may be one of another user namespace.
    if (peer === undefined || peer.pid === 0) return undefined;
    if (peer.uid !== 0 && peer.uid !== identity.uid) return undefined;
    return [...links].filter(({ uid }) => uid === peer.uid).length < MAX_LINKS ? peer.uid : undefined;
  };
  const listen = () =>
    Bun.listen<OperatorLink | undefined>({
      unix: operatorAddress({ ...identity, idMark, token: newToken() }),
      socket: {
        open(socket) {
          accepted += 1;
          if (accepted % LINKS_A_NAME === 0) move();
          const uid = mayAsk(socket);
          if (uid === undefined) {
            socket.terminate();
            return;
          }
          const reply = (line: string) => replyTo(line, workerId, answering);
          socket.data = openOperatorLink({ socket, uid, clock, reply });
          links.add(socket.data);
        },
        data: (socket, chunk) => socket.data?.onData(chunk),
        drain: (socket) => socket.data?.onDrain(),
        close({ data: link }) {
          if (link === undefined) return;
          links.delete(link);
          link.onClose();
        },
        error() {},
      },
    });
  // The runtime accepts as long as somebody waits: a process that dials in a loop would keep everything else from being
  // done. Who waits at the old name is turned away with it; who may ask looks for the new one.
  const move = () => {
    const old = server;
    if (old === undefined) return;
    try {
      server = listen();
    } catch {
      return;
    }
    old.stop();
  };

  try {
    server = listen();
  } catch (thrown) {
    const reason = messageOf(thrown);
    log.warn("the commands that ask a running worker, as `oz-agent-worker health`, cannot ask this one", { reason });
  }
  return {
    stop() {
      server?.stop(true);
      server = undefined;
      for (const link of links) link.end();
    },
  };
}

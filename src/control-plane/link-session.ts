import type { Clock, Timer } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { heartbeatStep } from "./heartbeat.ts";
import type { Outbox } from "./outbox.ts";
import type { Wire } from "./wire.ts";

/** Bytes waiting for the network above which nothing more is handed to a link. */
export const BUFFER_LIMIT_BYTES = 1024 * 1024;
const BUFFER_RETRY_MS = 100;
const HEALTHY_AFTER_MS = 5_000;

/** One open link: its heartbeat, and the outbox flowing over it. */
export interface LinkSession {
  /** Something came in. */
  heard(): void;
  pong(payload: string): void;
  /** Hands over what the outbox holds, as far as the network keeps up. */
  flush(): void;
  /** Sends what means something only now; dropped where the network does not keep up. */
  sendNow(text: string): void;
  /** It stayed for some seconds and a ping was answered. */
  healthy(): boolean;
  /** Ends its timers. The wire is the caller's. */
  stop(): void;
}

export interface LinkSessionOptions {
  readonly wire: Wire;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  /** Nothing was heard for too long. */
  readonly onSilence: () => void;
}

/** Begins with what the outbox holds and a ping, so that health is proved early. */
export function startLinkSession(options: LinkSessionOptions): LinkSession {
  const { wire, outbox, clock, log, onSilence } = options;
  const openedAt = clock.now();
  let heardAt = openedAt;
  let pingedAt = openedAt;
  let answered = false;
  let pingPlanned = false;
  let stopped = false;
  let warned = false;
  let beatTimer: Timer | undefined;
  let bufferTimer: Timer | undefined;

  const ping = () => {
    pingedAt = clock.now();
    wire.ping(outbox.barrier());
  };

  const beat = () => {
    const step = heartbeatStep(clock.now(), { heardAt, pingedAt });
    if (step.action === "give-up") {
      onSilence();
      return;
    }
    if (step.action === "ping") ping();
    beatTimer = clock.after(step.againInMs, beat);
  };

  // Messages of one turn share a ping.
  const planPing = () => {
    if (pingPlanned) return;
    pingPlanned = true;
    queueMicrotask(() => {
      pingPlanned = false;
      if (!stopped) ping();
    });
  };

  const flush = () => {
    if (stopped) return;
    while (outbox.hasNext()) {
      if (wire.bufferedBytes() >= BUFFER_LIMIT_BYTES) {
        bufferTimer?.cancel();
        bufferTimer = clock.after(BUFFER_RETRY_MS, flush);
        return;
      }
      const text = outbox.next();
      if (text === undefined) return;
      wire.send(text);
      planPing();
    }
  };

  flush();
  planPing();
  beat();

  return {
    flush,
    heard() {
      heardAt = clock.now();
    },
    pong(payload) {
      heardAt = clock.now();
      answered = true;
      outbox.confirm(payload);
    },
    sendNow(text) {
      if (wire.bufferedBytes() < BUFFER_LIMIT_BYTES) {
        wire.send(text);
      } else if (!warned) {
        warned = true;
        log.warn("The link to Oz does not keep up; answers that cannot wait are dropped");
      }
    },
    healthy: () => answered && clock.now() - openedAt >= HEALTHY_AFTER_MS,
    stop() {
      stopped = true;
      beatTimer?.cancel();
      bufferTimer?.cancel();
    },
  };
}

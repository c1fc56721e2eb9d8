import type { Clock, Timer } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { heartbeatStep, SILENCE_LIMIT_MS } from "./heartbeat.ts";
import type { Outbox } from "./outbox.ts";
import type { Wire } from "./wire.ts";

/** Bytes waiting for the network above which nothing more is handed to a link. */
export const BUFFER_LIMIT_BYTES = 1024 * 1024;
const BUFFER_RETRY_MS = 100;
const HEALTHY_AFTER_MS = 5_000;
/** A process that is late by this much stood still: it was stopped, or its machine slept. */
const STOOD_STILL_MS = 10_000;
const LOOK_EVERY_MS = 2_500;

/** Why a link is at its end whose process was away for so many milliseconds. */
export function stoodStill(ms: number): string {
  return `this process has stood still, or its clock was set ahead, for ${Math.round(ms / 1_000)} s`;
}

/** One open link: its heartbeat, and the outbox flowing over it. */
export interface LinkSession {
  /**
   * Something came in. `false` where that is no news any more: this process, or its machine, has stood still, and Oz may have
   * given the work to others. The link is at its end then.
   */
  heard(): boolean;
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
  /** The link is of no use any more, for this reason. Called once. */
  readonly onDead: (reason: string) => void;
}

/** Begins with what the outbox holds and a ping, so that health is proved early. */
export function startLinkSession(options: LinkSessionOptions): LinkSession {
  const { wire, outbox, clock, log, onDead } = options;
  const openedAt = clock.now();
  let heardAt = openedAt;
  let awakeAt = openedAt;
  /** A machine that sleeps stops its clock, but not the calendar. */
  let awakeOn = clock.epoch();
  let pingedAt = openedAt;
  let answered = false;
  let pingPlanned = false;
  let stopped = false;
  let warned = false;
  let beatTimer: Timer | undefined;
  let bufferTimer: Timer | undefined;
  let awakeTimer: Timer | undefined;

  const ping = () => {
    pingedAt = clock.now();
    wire.ping(outbox.barrier());
  };

  /** Whether this process has gone on all the while; what was sent to it before it stood still may be anybody's by now. */
  const isAwake = (): boolean => {
    if (stopped) return false;
    const stoodMs = Math.max(clock.now() - awakeAt, clock.epoch() - awakeOn);
    if (stoodMs < STOOD_STILL_MS) return true;
    onDead(stoodStill(stoodMs));
    return false;
  };

  const heard = (): boolean => {
    heardAt = clock.now();
    return isAwake();
  };

  const stayAwake = () => {
    if (!isAwake()) return;
    awakeAt = clock.now();
    awakeOn = clock.epoch();
    awakeTimer = clock.after(LOOK_EVERY_MS, stayAwake);
  };

  const beat = () => {
    const step = heartbeatStep(clock.now(), { heardAt, pingedAt });
    if (step.action === "give-up") {
      onDead(`nothing was heard for ${SILENCE_LIMIT_MS / 1_000} s`);
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
  stayAwake();

  return {
    flush,
    heard,
    pong(payload) {
      // What it proves is so, however late it comes.
      if (!stopped) outbox.confirm(payload);
      if (heard()) answered = true;
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
      awakeTimer?.cancel();
    },
  };
}

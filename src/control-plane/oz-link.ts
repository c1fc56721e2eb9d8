import { type ClientMessage, encodeClientMessage } from "../protocol/client-message.ts";
import type { Delivery } from "../protocol/delivery.ts";
import { decodeServerMessage, type ServerMessage } from "../protocol/server-message.ts";
import type { Clock, Timer } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { quoted } from "../support/printable.ts";
import { createRedactor } from "../support/redaction.ts";
import { createBackoff } from "./backoff.ts";
import { describeClose } from "./diagnosis.ts";
import type { DialOptions } from "./dial-options.ts";
import { explainFailure } from "./explain-failure.ts";
import { linkHeaders } from "./link-headers.ts";
import { type LinkSession, startLinkSession, stoodStill } from "./link-session.ts";
import { createOutbox } from "./outbox.ts";
import { ozAddress } from "./oz-address.ts";
import { proxySecrets } from "./proxy.ts";
import { type DialFailure, dialWire, MAX_FRAME_BYTES, type Wire, type WireEnd } from "./wire.ts";

export const HANDSHAKE_LIMIT_MS = 15_000;
const TOO_BIG = `it sent a frame of more than ${MAX_FRAME_BYTES / 1_048_576} MiB, which no assignment takes`;
/** How long a peer may take to answer our close. */
export const CLOSE_LIMIT_MS = 2_000;

/** Whether Oz can be reached, and since when (milliseconds of the link's clock) that is so. */
export interface LinkState {
  readonly connected: boolean;
  readonly since: number;
  /** Why it is down, as far as a dial has shown; without secrets. */
  readonly reason?: string;
}

/** The way to Oz over one WebSocket at a time, for ever. */
export interface OzLink {
  /** Dials, and dials again whenever the link is lost, until `close`. */
  start(): void;
  /** Queues a message until Oz has provably read it; works before `start` and without a link. */
  send(message: ClientMessage): Delivery;
  /** A function that sends over the link at hand, or not at all once that is gone. */
  answerer(): (message: ClientMessage) => void;
  /** Ends the link (code 1000) and the dialling within about 2 s. Nothing stays: no timer, no socket. Idempotent. */
  close(): Promise<void>;
  state(): LinkState;
  /** How many messages Oz has not provably read. */
  undelivered(): number;
}

export interface OzLinkOptions {
  /** `ws://` or `wss://`, checked by the configuration. */
  readonly url: string;
  readonly workerId: string;
  /** Asked before every dial: it may stand in a file that is renewed. */
  readonly apiKey: () => string;
  readonly userAgent: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Gets every frame's meaning, `skipped` included, in order. What it throws is logged and ends nothing. */
  readonly onMessage: (message: ServerMessage) => void | Promise<void>;
  /** Told of every change. */
  readonly onState?: (state: LinkState) => void;
  /** Asked before every dial: certificates and proxies may change while the worker runs. */
  readonly dialOptions?: () => DialOptions;
  readonly random?: () => number;
  /** How a connection is made; over a WebSocket unless given. */
  readonly dial?: typeof dialWire;
}

type Phase =
  | { readonly kind: "idle" }
  | { readonly kind: "dialling"; readonly wire: Wire }
  | { readonly kind: "asking"; readonly abort: AbortController }
  | { readonly kind: "open"; readonly wire: Wire; readonly session: LinkSession }
  | { readonly kind: "waiting"; readonly timer: Timer }
  | { readonly kind: "closing"; readonly ended: () => void }
  | { readonly kind: "closed" };

/** Makes a link that does nothing until `start`. */
export function createOzLink(options: OzLinkOptions): OzLink {
  const { log, clock, workerId, dial: connect = dialWire } = options;
  const address = ozAddress(options.url, workerId);
  let apiKey = options.apiKey();
  const headersNow = () => linkHeaders(apiKey, options.userAgent);
  const backoff = createBackoff(options.random);
  const outbox = createOutbox(() => phase.kind === "open" && phase.session.flush());
  let phase: Phase = { kind: "idle" };
  let state: LinkState = { connected: false, since: clock.now() };
  let links = 0;
  let closing: Promise<void> | undefined;

  const setConnected = (connected: boolean) => {
    if (state.connected === connected) return;
    state = { connected, since: clock.now() };
    options.onState?.(state);
  };

  const blame = (reason: string) => {
    if (state.connected || state.reason === reason) return;
    state = { ...state, reason };
    options.onState?.(state);
  };

  const dial = () => {
    const dialOptions = options.dialOptions?.() ?? {};
    apiKey = options.apiKey();
    let session: LinkSession | undefined;
    const askedAt = clock.now();
    const wire = connect(
      { url: address.url, headers: headersNow(), options: dialOptions, handshakeLimitMs: HANDSHAKE_LIMIT_MS, clock },
      {
        opened() {
          session = opened(wire);
          const tookMs = clock.now() - askedAt;
          // Only a process that stood still is later than the limit, and Oz may have sent it work in the meantime.
          if (tookMs > HANDSHAKE_LIMIT_MS) dead(wire, session, stoodStill(tookMs));
        },
        frame(frame) {
          if (session?.heard() && phase.kind === "open") receive(frame);
        },
        ping: () => void session?.heard(),
        pong: (payload) => session?.pong(payload),
        ended: (end) => ended(end, session, dialOptions),
      },
    );
    phase = { kind: "dialling", wire };
  };

  const opened = (wire: Wire): LinkSession => {
    links += 1;
    outbox.startLink(links);
    log.info("Connected to Oz", { address: address.shown });
    log.info(`Worker ${quoted(workerId)} is listening for tasks`);
    if (outbox.size > 0) log.debug("Sending again what Oz may not have read", { messages: outbox.size });
    const session = startLinkSession({ wire, outbox, clock, log, onDead: (reason) => dead(wire, session, reason) });
    phase = { kind: "open", wire, session };
    setConnected(true);
    return session;
  };

  const receive = (frame: string | Uint8Array) => {
    // Values of the message may be part of the error's text; its name and place in the code are not.
    const failed = (error: unknown) => {
      const name = error instanceof Error ? error.name : typeof error;
      log.error("A message from Oz could not be handled; this is a fault of the worker", { error: name });
    };
    try {
      const handled = options.onMessage(decodeServerMessage(frame));
      if (handled instanceof Promise) handled.catch(failed);
    } catch (error) {
      failed(error);
    }
  };

  const dead = (wire: Wire, session: LinkSession, reason: string) => {
    wire.terminate();
    lost(session, reason);
  };

  const ended = (end: WireEnd, session: LinkSession | undefined, dialOptions: DialOptions) => {
    if (phase.kind === "closing") {
      phase.ended();
    } else if (end.kind === "not-opened") {
      void failed(end.failure, dialOptions);
    } else if (session !== undefined) {
      lost(session, end.kind === "too-big" ? TOO_BIG : describeClose(end.code, shownReason(end.reason)));
    }
  };

  const shownReason = (reason: string) => (reason === "" ? "" : quoted(createRedactor([apiKey])(reason), 123));

  const lost = (session: LinkSession, reason: string) => {
    session.stop();
    if (session.healthy()) backoff.reset();
    setConnected(false);
    blame(reason);
    wait(backoff.next(), `Lost the link to Oz: ${reason}`);
  };

  const failed = async (failure: DialFailure, dialOptions: DialOptions) => {
    const abort = new AbortController();
    phase = { kind: "asking", abort };
    const { reason, retryAfterMs, isKeyRefused } = await explainFailure(failure, {
      address,
      headers: headersNow(),
      options: dialOptions,
      clock,
      signal: abort.signal,
      redact: createRedactor([apiKey, ...proxySecrets(dialOptions.proxy)]),
    });
    if (abort.signal.aborted) return;
    blame(reason);
    const level = isKeyRefused ? "error" : "warn";
    wait(backoff.next(retryAfterMs), `Cannot connect to Oz at ${address.shown}: ${reason}`, level);
  };

  const wait = (delayMs: number, message: string, level: "warn" | "error" = "warn") => {
    phase = { kind: "waiting", timer: clock.after(delayMs, dial) };
    log[level](`${message}; next try in ${(delayMs / 1_000).toFixed(1)} s`);
  };

  const end = (): Promise<void> => {
    const before = phase;
    phase = { kind: "closed" };
    switch (before.kind) {
      case "dialling":
        before.wire.terminate();
        break;
      case "asking":
        before.abort.abort();
        break;
      case "waiting":
        before.timer.cancel();
        break;
      case "open":
        return hangUp(before.wire, before.session);
    }
    return Promise.resolve();
  };

  const hangUp = (wire: Wire, session: LinkSession) =>
    new Promise<void>((resolve) => {
      const done = () => {
        limit.cancel();
        phase = { kind: "closed" };
        setConnected(false);
        resolve();
      };
      const limit = clock.after(CLOSE_LIMIT_MS, () => {
        wire.terminate();
        done();
      });
      phase = { kind: "closing", ended: done };
      session.stop();
      wire.close(1000);
    });

  return {
    start() {
      if (phase.kind === "idle") dial();
    },
    send: (message) => outbox.add(encodeClientMessage(message)),
    answerer() {
      const asked = phase;
      return (message) => {
        if (asked.kind === "open" && phase === asked) asked.session.sendNow(encodeClientMessage(message));
        else log.debug("The link to Oz that asked is gone; the answer is dropped", { type: message.type });
      };
    },
    close() {
      closing ??= end();
      return closing;
    },
    state: () => state,
    undelivered: () => outbox.size,
  };
}

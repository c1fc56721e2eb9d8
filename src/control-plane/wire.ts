import type { Clock } from "../support/clock.ts";
import { type DialOptions, verified } from "./dial-options.ts";

/** An assignment with all that may be in it takes no more than a process can receive, and some. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** "Message Too Big" (RFC 6455, section 7.4.1). */
const TOO_BIG = 1009;

/** Why a dial did not become a connection. */
export type DialFailure =
  /** The server answered, with something else than 101. */
  | { readonly kind: "status"; readonly status: number }
  /** The proxy refused to connect. */
  | { readonly kind: "proxy-status"; readonly status: number }
  /** A system or TLS error code, such as ECONNREFUSED; `detail` is the TLS library's own words, or empty. */
  | { readonly kind: "code"; readonly code: string; readonly detail: string }
  | { readonly kind: "timeout"; readonly afterMs: number }
  /** No WebSocket could be made: the address or the header has something in it that cannot be sent. */
  | { readonly kind: "unsendable" }
  /** Nothing more is known. */
  | { readonly kind: "unclear" };

export type WireEnd =
  | { readonly kind: "not-opened"; readonly failure: DialFailure }
  /** The connection was open. 1006: it broke; 1005: closed without a code. */
  | { readonly kind: "closed"; readonly code: number; readonly reason: string }
  /** The peer sent a frame above `MAX_FRAME_BYTES`, and was hung up on. */
  | { readonly kind: "too-big" };

export interface WireEvents {
  opened(): void;
  frame(frame: string | Uint8Array): void;
  /** The peer pinged; it is answered already. */
  ping(): void;
  pong(payload: string): void;
  /** The last event, at most once; none follows `terminate`. */
  ended(end: WireEnd): void;
}

/** One WebSocket connection. Nothing here throws; what is sent after the end goes nowhere. */
export interface Wire {
  send(text: string): void;
  ping(payload: string): void;
  /** Bytes that wait for the network. */
  bufferedBytes(): number;
  /** The polite end, which a dead peer never answers. */
  close(code: number): void;
  /** The end, at once. */
  terminate(): void;
}

export interface DialRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly options: DialOptions;
  readonly handshakeLimitMs: number;
  readonly clock: Clock;
}

/** Dials; the outcome comes as an event, never before this has returned. */
export function dialWire(request: DialRequest, events: WireEvents): Wire {
  let done = false;
  let opened = false;
  let failure: DialFailure = { kind: "unclear" };

  const end = (result: WireEnd) => {
    if (done) return;
    done = true;
    limit.cancel();
    events.ended(result);
  };
  const limit = request.clock.after(request.handshakeLimitMs, () => {
    end({ kind: "not-opened", failure: { kind: "timeout", afterMs: request.handshakeLimitMs } });
    socket?.terminate();
  });

  const socket = open(request);
  if (socket === undefined) {
    queueMicrotask(() => end({ kind: "not-opened", failure: { kind: "unsendable" } }));
    return { send() {}, ping() {}, bufferedBytes: () => 0, close() {}, terminate: quit };
  }
  function quit(): void {
    done = true;
    limit.cancel();
    socket?.terminate();
  }

  /** The peer is told why; whether it listens is no reason to stay. */
  function refuse(): void {
    socket?.close(TOO_BIG);
    end({ kind: "too-big" });
    queueMicrotask(() => socket?.terminate());
  }

  socket.binaryType = "nodebuffer";
  socket.addEventListener("open", () => {
    if (done) return;
    opened = true;
    limit.cancel();
    events.opened();
  });
  socket.addEventListener("message", ({ data }: { data: unknown }) => {
    if (done || !(typeof data === "string" || data instanceof Uint8Array)) return;
    // The socket has no limit of its own that could be set; what is above ours is at least not looked at.
    if (Buffer.byteLength(data) <= MAX_FRAME_BYTES) events.frame(data);
    else refuse();
  });
  // Bun emits these two, beyond the standard's events; the payload comes as a Buffer.
  socket.addEventListener("ping", () => {
    if (!done) events.ping();
  });
  socket.addEventListener("pong", (event: Event) => {
    const data: unknown = "data" in event ? event.data : undefined;
    if (!done) events.pong(data instanceof Uint8Array ? Buffer.from(data).toString("latin1") : "");
  });
  socket.addEventListener("error", (event: Event) => {
    failure = readFailure(event);
  });
  socket.addEventListener("close", ({ code, reason }) => {
    end(opened ? { kind: "closed", code, reason } : { kind: "not-opened", failure });
  });

  const isOpen = () => socket.readyState === WebSocket.OPEN;
  return {
    send(text) {
      if (isOpen()) socket.send(text);
    },
    ping(payload) {
      if (isOpen()) socket.ping(payload);
    },
    bufferedBytes: () => socket.bufferedAmount,
    close: (code) => socket.close(code),
    terminate: quit,
  };
}

/** Undefined where the WebSocket cannot even be made; the exception may quote the header, so that it is not kept. */
function open({ url, headers, options }: DialRequest): WebSocket | undefined {
  try {
    return new WebSocket(url, {
      headers,
      perMessageDeflate: false,
      ...verified(options),
    });
  } catch {
    return undefined;
  }
}

/**
 * Bun tells the code of a system or TLS error; of an answer only a message: `WebSocket connection to '<url>' failed:
 * Expected 101 status code: 401`. The message holds the URL, so that only known parts of its end are kept.
 */
function readFailure(event: Event): DialFailure {
  const message = "message" in event && typeof event.message === "string" ? event.message : "";
  const error: unknown = "error" in event ? event.error : undefined;
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const tail = message.slice(message.lastIndexOf("' failed: ") + "' failed: ".length);
  const status = /^Expected 101 status code: (\d{3})/.exec(tail)?.[1];
  if (status !== undefined) return { kind: "status", status: Number(status) };
  const proxyStatus = /^Proxy .*?: (\d{3})/.exec(tail)?.[1];
  if (proxyStatus !== undefined) return { kind: "proxy-status", status: Number(proxyStatus) };
  if (code === "") return { kind: "unclear" };
  return { kind: "code", code, detail: /^TLS handshake failed: (.*)/.exec(tail)?.[1] ?? "" };
}

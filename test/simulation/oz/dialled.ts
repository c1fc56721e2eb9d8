import type { Wire, WireEvents } from "../../../src/control-plane/wire.ts";
import type { Clock } from "../../../src/support/clock.ts";
import type { Effects } from "../world/effects.ts";
import type { SimProcess } from "../world/sim-process.ts";
import type { OzWire } from "./oz-wire.ts";

/** A dial that is under way. */
export interface Dial {
  readonly process: SimProcess;
  readonly events: WireEvents;
  readonly clock: Clock;
  readonly effects: Effects;
  /** How long the worker waits for an answer, and when there would be one. */
  readonly limitMs: number;
  readonly handshakeMs: number;
  /** Asked when the handshake is there. */
  readonly answer: () => OzWire | "refused" | "none";
}

const NOWHERE: Wire = { send() {}, ping() {}, bufferedBytes: () => 0, close() {}, terminate() {} };

/** The worker's end of a connection, from the dial on. */
export function dialled({ process, events, clock, effects, limitMs, handshakeMs, answer }: Dial): Wire {
  if (!process.isAlive) return NOWHERE;
  let wire = NOWHERE;
  let isGivenUp = false;
  const timeout = process.clock.after(limitMs, () => {
    isGivenUp = true;
    events.ended({ kind: "not-opened", failure: { kind: "timeout", afterMs: limitMs } });
  });
  const refused = () => {
    timeout.cancel();
    events.ended({ kind: "not-opened", failure: { kind: "code", code: "ECONNREFUSED", detail: "" } });
  };
  const opened = (link: OzWire) => {
    if (isGivenUp) {
      link.cut();
      return;
    }
    timeout.cancel();
    wire = link.wire((what) => {
      const effect = effects.begin(process, `frame ${what}`);
      return () => {
        if (effect.isAnswerLost()) link.cut();
      };
    });
    events.opened();
  };
  clock.after(handshakeMs, () => {
    if (!process.isAlive || isGivenUp) return;
    const link = answer();
    if (link === "none") return;
    process.deliver(link === "refused" ? refused : () => opened(link));
  });
  return {
    send: (text) => wire.send(text),
    ping: (payload) => wire.ping(payload),
    bufferedBytes: () => 0,
    close: (code) => wire.close(code),
    terminate() {
      isGivenUp = true;
      timeout.cancel();
      wire.terminate();
    },
  };
}

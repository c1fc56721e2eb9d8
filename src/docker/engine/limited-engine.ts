import type { Clock } from "../../support/clock.ts";
import { createSlots } from "../../support/slots.ts";
import { DEFAULT_LIMIT_MS, type Engine, type EngineRequest, title } from "./engine.ts";
import type { EngineClock } from "./engine-clock.ts";
import { EngineError } from "./engine-error.ts";

/** Each call is a connection. What a burst of forty tasks needs is less. */
const CALLS_AT_ONCE = 128;

/**
 * An engine that is not asked more than so much at once: further calls wait in their order, and what they wait counts against
 * their limit. Urgent calls and streams go at once: what ends something must not wait for what begins.
 */
export function limitEngine(
  engine: Engine & EngineClock,
  clock: Clock,
  callsAtOnce = CALLS_AT_ONCE,
): Engine & EngineClock {
  const slots = createSlots(callsAtOnce);
  const never = new AbortController().signal;

  async function inTurn<T>(request: EngineRequest, call: (request: EngineRequest) => Promise<T>): Promise<T> {
    if (request.isUrgent === true) return await call(request);
    if (!slots.isFull()) return await slots.with(never, () => call(request));
    const { signal, limitMs = DEFAULT_LIMIT_MS } = request;
    const madeAt = clock.now();
    const leave = new AbortController();
    const onAbort = () => leave.abort(new EngineError("aborted", `${title(request)}: cancelled`));
    const timer = clock.after(limitMs, () => {
      leave.abort(new EngineError("timeout", `${title(request)}: too many calls were under way`));
    });
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    const begin = () => {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
    };
    try {
      return await slots.with(leave.signal, () => {
        begin();
        return call({ ...request, limitMs: Math.max(1, limitMs - (clock.now() - madeAt)) });
      });
    } finally {
      begin();
    }
  }

  return {
    now: () => engine.now(),
    call: (request, schema) => inTurn(request, (own) => engine.call(own, schema)),
    run: (request) => inTurn(request, (own) => engine.run(own)),
    open: (request) => engine.open(request),
  };
}

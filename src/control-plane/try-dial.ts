import type { Clock } from "../support/clock.ts";
import { createRedactor } from "../support/redaction.ts";
import type { DialOptions } from "./dial-options.ts";
import { explainFailure } from "./explain-failure.ts";
import { linkHeaders } from "./link-headers.ts";
import { ozAddress } from "./oz-address.ts";
import { proxySecrets } from "./proxy.ts";
import { type DialFailure, dialWire } from "./wire.ts";

export interface TrialDial {
  /** `--web-socket-url`. */
  readonly url: string;
  readonly workerId: string;
  readonly apiKey: string;
  readonly userAgent: string;
  readonly options: DialOptions;
  readonly handshakeLimitMs: number;
  readonly clock: Clock;
  /** Ends the search for the reason of a failure. */
  readonly signal: AbortSignal;
}

/** Whether Oz takes this worker; `reason` is `WHY; WHAT TO DO`, without secrets. */
export type TrialDialEnd =
  | { readonly kind: "opened"; readonly tookMs: number }
  | { readonly kind: "failed"; readonly reason: string };

/** How long a peer may take to answer our close. */
const CLOSE_LIMIT_MS = 500;

/**
 * Dials as a link does and, once that is open, closes it with code 1000 at once: nothing is claimed, answered or sent, and what
 * Oz may have handed over in that moment stays its own. Never rejects.
 */
export async function tryDial(trial: TrialDial): Promise<TrialDialEnd> {
  const { options, clock, signal, apiKey } = trial;
  const address = ozAddress(trial.url, trial.workerId);
  const headers = linkHeaders(apiKey, trial.userAgent);
  const askedAt = clock.now();
  const end = Promise.withResolvers<{ readonly tookMs: number } | { readonly failure: DialFailure }>();
  let closed = () => {};
  const request = { url: address.url, headers, options, handshakeLimitMs: trial.handshakeLimitMs, clock };
  const wire = dialWire(request, {
    opened() {
      const tookMs = clock.now() - askedAt;
      wire.close(1000);
      const limit = clock.after(CLOSE_LIMIT_MS, () => {
        wire.terminate();
        end.resolve({ tookMs });
      });
      void end.promise.then(() => limit.cancel());
      closed = () => end.resolve({ tookMs });
    },
    frame() {},
    ping() {},
    pong() {},
    ended(how) {
      if (how.kind === "not-opened") end.resolve({ failure: how.failure });
      else closed();
    },
  });
  const ended = await end.promise;
  if ("tookMs" in ended) return { kind: "opened", tookMs: ended.tookMs };
  const redact = createRedactor([apiKey, ...proxySecrets(options.proxy)]);
  const explained = await explainFailure(ended.failure, { address, headers, options, clock, signal, redact });
  return { kind: "failed", reason: explained.reason };
}

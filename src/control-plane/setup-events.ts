import {
  type SetupSignature,
  type SetupStep,
  setupEvent,
  setupEventHeaders,
  setupEventPath,
} from "../protocol/setup-event.ts";
import { type Clock, pause } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { type DialOptions, fetchVerified } from "./dial-options.ts";

/** How long the answer to an event may take. */
export const EVENT_LIMIT_MS = 5_000;
/** Events on their way at once; what comes beyond that is dropped: nothing depends on one. */
const MAX_UNDER_WAY = 64;
/** Reading the authorities takes some milliseconds, and a burst of tasks has many events. */
const OPTIONS_KEEP_MS = 60_000;

export interface SetupEventsOptions {
  /** `--server-root-url`. */
  readonly serverRootUrl: string;
  readonly userAgent: string;
  /** The authorities and the proxy of this moment. */
  readonly dialOptions: () => DialOptions;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells Oz how long the steps of a task's set-up took, for the page of the run. */
export interface SetupEvents {
  /** Sends an event once, signed as the task; nobody waits for it, and a failure is a line of the debug log. */
  report(signature: SetupSignature, step: SetupStep): void;
  /** Drops what is on its way. Idempotent. */
  close(): void;
}

export function createSetupEvents(options: SetupEventsOptions): SetupEvents {
  const { clock, log } = options;
  const root = options.serverRootUrl.replace(/\/+$/, "");
  const closed = new AbortController();
  let underWay = 0;
  let known: { readonly options: DialOptions; readonly since: number } | undefined;

  function dialOptions(): DialOptions {
    if (known === undefined || clock.now() - known.since > OPTIONS_KEEP_MS) {
      known = { options: options.dialOptions(), since: clock.now() };
    }
    return known.options;
  }

  async function post(signature: SetupSignature, step: SetupStep, signal: AbortSignal): Promise<string | undefined> {
    const url = root + setupEventPath(signature.taskId);
    const request = {
      method: "POST",
      headers: {
        ...setupEventHeaders(signature),
        "Content-Type": "application/json",
        "User-Agent": options.userAgent,
      },
      body: JSON.stringify(setupEvent(step, crypto.randomUUID())),
      // The key is for that host and no other.
      redirect: "manual",
      signal,
    } as const;
    const response = await fetchVerified(url, request, dialOptions());
    await response.body?.cancel();
    return response.ok ? undefined : `status ${response.status}`;
  }

  async function send(signature: SetupSignature, step: SetupStep): Promise<void> {
    const limit = new AbortController();
    const ended = AbortSignal.any([limit.signal, closed.signal]);
    const answered = post(signature, step, ended).catch(
      // Words of an error may hold the header or the address.
      (error: unknown) => (error instanceof Error ? error.name : "it could not be sent"),
    );
    const late = pause(clock, EVENT_LIMIT_MS, ended).then(() => `no answer within ${EVENT_LIMIT_MS / 1000} s`);
    const problem = await Promise.race([answered, late]);
    limit.abort();
    if (problem !== undefined && !closed.signal.aborted) {
      log.debug("Oz was not told how long a step took", { task: signature.taskId, step: step.name, reason: problem });
    }
  }

  return {
    report(signature, step) {
      if (closed.signal.aborted || underWay >= MAX_UNDER_WAY) return;
      underWay += 1;
      void send(signature, step).finally(() => {
        underWay -= 1;
      });
    },
    close: () => closed.abort(),
  };
}

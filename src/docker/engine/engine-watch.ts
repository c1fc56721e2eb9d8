import { type Clock, pause, type Timer } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import type { Engine } from "./engine.ts";
import { describeError, isEngineAway } from "./engine-error.ts";
import { enginePath } from "./engine-path.ts";

const PING_EVERY_MS = 1000;
const PING_LIMIT_MS = 5000;
/** Between two tries, doubling: an engine takes up to a quarter of a minute to go down. */
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 5_000;

/** Knows whether the Docker daemon answers. It asks only after a call has failed, and until it does. */
export interface EngineWatch {
  /** The time by which those wait who wait for the daemon. */
  readonly clock: Clock;
  /** Tells of a failed call. Anything but a daemon that is away is ignored. */
  note(error: unknown): void;
  /** Why the daemon counts as away; `undefined` while it answers. */
  away(): string | undefined;
  /** Resolves when the daemon answers, at once if it does; rejects with the signal's reason. */
  untilBack(signal?: AbortSignal): Promise<void>;
  /** Is called each time that the daemon has come back. */
  onBack(action: () => void): void;
  /** Ends the pings; who waits goes on waiting for its own signal. */
  stop(): void;
}

export function createEngineWatch(engine: Engine, clock: Clock, log: Log): EngineWatch {
  /** `checking`: a call has failed, and a ping is to tell whether the daemon is to blame. */
  let state: "here" | "checking" | "away" = "here";
  let reason = "";
  let since = 0;
  let timer: Timer | undefined;
  let stopped = false;
  const waiting = new Set<() => void>();
  const listeners: (() => void)[] = [];

  function ping(): void {
    engine
      .run({ method: "GET", path: enginePath`/_ping`, isUrgent: true, limitMs: PING_LIMIT_MS })
      .then(answered, (error: unknown) => {
        if (isEngineAway(error)) silent();
        else answered();
      });
  }

  function silent(): void {
    if (stopped) return;
    if (state === "checking") {
      state = "away";
      log.warn("the Docker daemon does not answer: running tasks are waited for, new ones rejected until it is back", {
        reason,
      });
    }
    timer = clock.after(PING_EVERY_MS, ping);
  }

  function answered(): void {
    if (stopped) return;
    const wasAway = state === "away";
    state = "here";
    if (wasAway) log.info("the Docker daemon answers again", { awaySeconds: Math.round((clock.now() - since) / 1000) });
    for (const resume of [...waiting]) resume();
    if (wasAway) for (const action of listeners) action();
  }

  return {
    clock,
    note(error) {
      if (!isEngineAway(error) || state !== "here" || stopped) return;
      state = "checking";
      reason = describeError(error);
      since = clock.now();
      ping();
    },
    away: () => (state === "away" ? reason : undefined),
    untilBack(signal) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (state === "here") return Promise.resolve();
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiting.delete(resume);
          signal?.removeEventListener("abort", onAbort);
        };
        const resume = () => {
          leave();
          resolve();
        };
        const onAbort = () => {
          leave();
          reject(signal?.reason);
        };
        waiting.add(resume);
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    },
    onBack: (action) => listeners.push(action),
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

/**
 * Does something that needs the daemon, again when the daemon was away meanwhile, `attempts` times at most. The action
 * must bear repetition: nothing is known about what the broken call did.
 */
export async function persist<T>(
  watch: EngineWatch,
  signal: AbortSignal | undefined,
  action: () => Promise<T>,
  attempts = 7,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!isEngineAway(error) || attempt >= attempts) throw error;
      watch.note(error);
      await watch.untilBack(signal);
      // A daemon that answers pings and nothing else must not be asked in a hot loop.
      await pause(watch.clock, Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LAST_PAUSE_MS), signal);
      if (signal?.aborted) throw signal.reason;
    }
  }
}

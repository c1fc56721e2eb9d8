import { type Clock, pause, type Timer } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import type { Engine } from "./engine.ts";
import { describeError, EngineError, isEngineAway, isVersionRefused } from "./engine-error.ts";
import { enginePath } from "./engine-path.ts";

const PING_EVERY_MS = 1000;
const PING_LIMIT_MS = 5000;
/** Between two tries, doubling: an engine takes up to a quarter of a minute to go down. */
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 5_000;
/** A daemon that cannot be used must say so for this long: it may be one of a row of restarts. */
const CERTAIN_AFTER_MS = 10_000;

/** What a new look at a daemon that answers has shown. */
export type Renewal =
  /** `isOther`: what was known of it before need not hold any more. */
  | { readonly kind: "usable"; readonly isOther: boolean }
  | { readonly kind: "away" }
  | { readonly kind: "unusable"; readonly problem: string };

export interface WatchOptions {
  /** Sees whether a daemon that was perhaps restarted can be used, and how. Never rejects. */
  readonly renew?: () => Promise<Renewal>;
  /** Is called with one line when the daemon cannot be used, for certain. */
  readonly giveUp?: (problem: string) => void;
}

/**
 * Knows whether the Docker daemon answers, and can be used. It asks only after a call has failed, or the daemon may have been
 * restarted, and until it does.
 */
export interface EngineWatch {
  /** The time by which those wait who wait for the daemon. */
  readonly clock: Clock;
  /** Tells of a failed call. Anything but a daemon that is away is ignored. */
  note(error: unknown): void;
  /** Tells that the daemon may have ended, whether or not it answers at this moment: it may be another one by now. */
  noteEnd(): void;
  /** Why the daemon counts as away; `undefined` while it answers. */
  away(): string | undefined;
  /** Resolves when the daemon answers, at once if it does; rejects with the signal's reason. */
  untilBack(signal?: AbortSignal): Promise<void>;
  /** Is called each time that the daemon has come back, or is another one: what is known of it is to be forgotten. */
  onBack(action: () => void): void;
  /** Is called after each ping, with what was wrong. */
  onPing(action: (failure: EngineError | undefined) => void): void;
  /** Ends the pings; who waits goes on waiting for its own signal. */
  stop(): void;
}

export function createEngineWatch(
  engine: Engine,
  clock: Clock,
  log: Log,
  { renew = stillTheSame, giveUp = () => {} }: WatchOptions = {},
): EngineWatch {
  /** `checking`: a call has failed, and a ping is to tell whether the daemon is to blame. */
  let state: "here" | "checking" | "away" = "here";
  let reason = "";
  let since = 0;
  let unusableSince: number | undefined;
  let mayBeOther = false;
  let timer: Timer | undefined;
  let stopped = false;
  const waiting = new Set<() => void>();
  const listeners: (() => void)[] = [];
  const pingListeners: ((failure: EngineError | undefined) => void)[] = [];

  function look(): void {
    void ask().then((found) => {
      if (stopped) return;
      if (found.kind === "usable") usable(found.isOther);
      else if (found.kind === "away") silent();
      else unusable(found.problem);
    });
  }

  async function ask(): Promise<Renewal> {
    const first = await ping();
    if (first !== undefined && !isVersionRefused(first)) return { kind: "away" };
    const found = await renew();
    if (found.kind !== "usable" || first === undefined) return found;
    const second = await ping();
    if (second === undefined) return found;
    if (!isVersionRefused(second)) return { kind: "away" };
    const problem = `the Docker daemon refuses the API version that it has just offered: ${describeError(second)}`;
    return { kind: "unusable", problem };
  }

  /** Answers what was wrong; a daemon that answers with whatever status is there. */
  async function ping(): Promise<EngineError | undefined> {
    const request = { method: "GET", path: enginePath`/_ping`, isUrgent: true, limitMs: PING_LIMIT_MS } as const;
    const failure = await engine.run(request).then(
      () => undefined,
      (error: unknown) => (error instanceof EngineError && isEngineAway(error) ? error : undefined),
    );
    if (!stopped) for (const action of pingListeners) action(failure);
    return failure;
  }

  function silent(): void {
    unusableSince = undefined;
    if (state === "checking") {
      state = "away";
      log.warn("the Docker daemon does not answer: running tasks are waited for, new ones rejected until it is back", {
        reason,
      });
    }
    timer = clock.after(PING_EVERY_MS, look);
  }

  function unusable(problem: string): void {
    state = "away";
    reason = problem;
    timer = clock.after(PING_EVERY_MS, look);
    if (unusableSince === undefined) {
      unusableSince = clock.now();
      log.warn("the Docker daemon cannot be used as it is now: unless that passes, the worker ends", { reason });
    } else if (clock.now() - unusableSince >= CERTAIN_AFTER_MS) {
      giveUp(problem);
    }
  }

  function usable(isOther: boolean): void {
    const wasAway = state === "away";
    const isForgotten = wasAway || isOther || mayBeOther;
    state = "here";
    unusableSince = undefined;
    mayBeOther = false;
    if (wasAway) log.info("the Docker daemon answers again", { awaySeconds: Math.round((clock.now() - since) / 1000) });
    for (const resume of [...waiting]) resume();
    if (isForgotten) for (const action of listeners) action();
  }

  function note(error: unknown): void {
    if (!isEngineAway(error) || state !== "here" || stopped) return;
    state = "checking";
    reason = describeError(error);
    since = clock.now();
    look();
  }

  return {
    clock,
    note,
    noteEnd() {
      mayBeOther = true;
      note(new EngineError("unreachable", "the Docker daemon's events broke off"));
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
    onPing: (action) => pingListeners.push(action),
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

function stillTheSame(): Promise<Renewal> {
  return Promise.resolve({ kind: "usable", isOther: false });
}

/**
 * Does something that needs the daemon, once it is there, and again when it was away meanwhile, `attempts` times at most. The
 * action must bear repetition: nothing is known about what the broken call did.
 */
export async function persist<T>(
  watch: EngineWatch,
  signal: AbortSignal | undefined,
  action: () => Promise<T>,
  attempts = 7,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // What answers meanwhile may be another daemon, which knows none of the containers.
      await watch.untilBack(signal);
      return await action();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!isEngineAway(error) || attempt >= attempts) throw error;
      watch.note(error);
      // A daemon that answers pings and nothing else must not be asked in a hot loop.
      await pause(watch.clock, Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LAST_PAUSE_MS), signal);
      if (signal?.aborted) throw signal.reason;
    }
  }
}

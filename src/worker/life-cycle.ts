import { type Clock, pause, type Timer } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { shownSpan } from "../support/shown-span.ts";
import type { Worker } from "./worker.ts";

/**
 * How a worker ends: `drain` waits for its tasks, `detach` leaves them running for the next worker of its id, `stop` stops
 * them (spec, section 9).
 */
export type Ending = "drain" | "detach" | "stop";

/** Of the 15 s that a shutdown may take (spec, section 9), the rest is for closing the link. */
const STOP_LIMIT_MS = 12_500;
/** For claims that are to become containers, and then for what is to be told: together less than `docker stop` waits. */
const DETACH_START_MS = 5_000;
const DETACH_TELL_MS = 2_500;

/** What the operator has said about a worker's end. */
export interface LifeSettings {
  /** Absent: a drain lasts as long as the tasks. */
  readonly drainTimeoutMs?: number | undefined;
  readonly exitWhenIdleMs?: number | undefined;
  readonly maxUptimeMs?: number | undefined;
}

/** The life of a worker, up to its end. */
export interface LifeCycle {
  /** From here on it counts how long the worker is up, and idle. */
  start(): void;
  /** The number of tasks here has become another one, or the settings have. */
  counted(): void;
  /** Begins an end; `false` where it is ending in this way, or in one that is harder, already. */
  end(how: Ending, why: string): boolean;
  /** How it is ending, if it is. */
  ending(): Ending | undefined;
  /** Resolves when nothing is left to do. */
  readonly ended: Promise<void>;
}

export interface LifeCycleOptions {
  readonly worker: Worker;
  readonly settings: () => LifeSettings;
  /** Does no more than what such an end leaves to do. */
  readonly quieten: (how: Ending) => void;
  /** Ends the rest, tasks being over or left alone. */
  readonly finish: () => Promise<void>;
  /** Is told of each end that begins. */
  readonly onEnding?: (how: Ending) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const HARDNESS: Readonly<Record<Ending, number>> = { drain: 1, detach: 2, stop: 3 };
const SHUT = { drain: "draining", detach: "detaching", stop: "stopping" } as const;
/** A timer of the runtime takes 24 days. */
const LONGEST_TIMER_MS = 86_400_000;

export function createLifeCycle(options: LifeCycleOptions): LifeCycle {
  const { worker, settings, clock, log } = options;
  const { promise: ended, resolve: hasEnded } = Promise.withResolvers<void>();
  let ending: Ending | undefined;
  let step = new AbortController();
  let startedAt: number | undefined;
  let idleSince: number | undefined;
  let timer: Timer | undefined;

  async function drain(signal: AbortSignal): Promise<void> {
    const { drainTimeoutMs } = settings();
    const tooLong = new AbortController();
    const begun = clock.now();
    const emptied = worker.emptied(AbortSignal.any([signal, tooLong.signal]));
    if (drainTimeoutMs !== undefined) {
      void wait(drainTimeoutMs, AbortSignal.any([signal, tooLong.signal])).then(() => tooLong.abort());
    }
    await emptied;
    const isTooLong = tooLong.signal.aborted && worker.all().length > 0;
    tooLong.abort();
    if (isTooLong && !signal.aborted) begin("stop", `the drain has lasted ${shownSpan(clock.now() - begun)}`);
  }

  async function detach(signal: AbortSignal): Promise<void> {
    const count = await worker.letGo(DETACH_START_MS, DETACH_TELL_MS, signal);
    if (!signal.aborted) log.info("tasks are left running: the next worker of this id goes on with them", { count });
  }

  async function stop(): Promise<void> {
    for (const task of await worker.stopAll(STOP_LIMIT_MS)) {
      log.warn("the result could not be delivered in time: it stays on the Docker daemon for the next start", { task });
    }
  }

  async function wait(forMs: number, signal: AbortSignal): Promise<void> {
    const until = clock.now() + forMs;
    while (!signal.aborted && clock.now() < until)
      await pause(clock, Math.min(until - clock.now(), LONGEST_TIMER_MS), signal);
  }

  function begin(how: Ending, why: string): boolean {
    if (ending !== undefined && HARDNESS[how] <= HARDNESS[ending]) return false;
    ending = how;
    options.quieten(how);
    step.abort();
    step = new AbortController();
    const { signal } = step;
    timer?.cancel();
    worker.door.shut(SHUT[how]);
    log.info(`${why}: ${WORDS[how]}`, { running: worker.running() });
    options.onEnding?.(how);
    const steps = { drain, detach, stop };
    void steps[how](signal).then(async () => {
      if (signal.aborted) return;
      await options.finish();
      hasEnded();
    });
    return true;
  }

  /** Ends the worker when its time is over; asked anew at each change, and when the settings change. */
  function look(): void {
    timer?.cancel();
    if (startedAt === undefined || ending !== undefined) return;
    const now = clock.now();
    if (worker.all().length > 0) idleSince = undefined;
    else idleSince ??= now;
    const { exitWhenIdleMs = Number.POSITIVE_INFINITY, maxUptimeMs = Number.POSITIVE_INFINITY } = settings();
    const idleLeft = (idleSince ?? Number.POSITIVE_INFINITY) + exitWhenIdleMs - now;
    const upLeft = startedAt + maxUptimeMs - now;
    if (worker.hasTakenAll()) begin("drain", "all tasks that were to be taken are taken");
    else if (upLeft <= 0) begin("drain", `the worker has been up for ${shownSpan(maxUptimeMs)}`);
    else if (idleLeft <= 0) begin("drain", `no task for ${shownSpan(exitWhenIdleMs)}`);
    else if (Number.isFinite(Math.min(idleLeft, upLeft)))
      timer = clock.after(Math.min(idleLeft, upLeft, LONGEST_TIMER_MS), look);
  }

  return {
    start() {
      startedAt = clock.now();
      look();
    },
    counted: look,
    end: begin,
    ending: () => ending,
    ended,
  };
}

const WORDS: Readonly<Record<Ending, string>> = {
  drain: "no more tasks are taken, and the worker ends when those that run have ended",
  detach: "the worker ends, and its tasks run on",
  stop: "shutting down",
};

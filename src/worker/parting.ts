import { type Clock, pause } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { whenAborted } from "../support/when-aborted.ts";
import { type ActiveExecution, type ActiveExecutions, workerShutdown } from "./active-executions.ts";

/** How a worker that ends parts with its executions. No new ones may come: the door must be shut. */
export interface Parting {
  /**
   * Stops every task and waits until all are reported and cleared away, `limitMs` at most. Answers the task ids of those
   * that were not.
   */
  stopAll(limitMs: number): Promise<readonly string[]>;
  /**
   * Waits, `startMs` at most, until each execution has a container that runs, or is over; stops those that have none by then,
   * and waits `tellMs` at most for what is to be told. The containers run on, and are the next worker's. Answers how many do.
   */
  letGo(startMs: number, tellMs: number, signal: AbortSignal): Promise<number>;
  /** Resolves when there is no execution here, or `signal` aborts. */
  emptied(signal: AbortSignal): Promise<void>;
}

export interface PartingOptions {
  readonly active: ActiveExecutions;
  /** Is called when all are over, or left. */
  readonly onParted: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Between two looks whether all containers run. */
const LOOK_EVERY_MS = 50;

export function createParting({ active, onParted, clock, log }: PartingOptions): Parting {
  const isOnItsOwn = ({ phase, stage }: ActiveExecution) => phase === "running" && stage.name === "running";

  async function settled(executions: readonly ActiveExecution[], limitMs: number, signal?: AbortSignal): Promise<void> {
    const limit = new AbortController();
    const all = Promise.all(executions.map(({ done }) => done));
    const signals = signal === undefined ? [limit.signal] : [limit.signal, signal];
    await Promise.race([all, pause(clock, limitMs, AbortSignal.any(signals))]);
    limit.abort();
  }

  return {
    async stopAll(limitMs) {
      const stopped = active.stop(workerShutdown());
      if (stopped > 0) log.info("stopping the running tasks", { count: stopped });
      await settled(active.all(), limitMs);
      onParted();
      return active.all().map(({ execution }) => execution.taskId);
    },
    async letGo(startMs, tellMs, signal) {
      const until = clock.now() + startMs;
      const isReady = () => active.all().every((one) => isOnItsOwn(one) || one.phase === "reporting");
      while (!isReady() && clock.now() < until && !signal.aborted) await pause(clock, LOOK_EVERY_MS, signal);
      if (signal.aborted) return 0;
      const late = active.stop(workerShutdown(), (one) => !isOnItsOwn(one));
      if (late > 0)
        log.warn("tasks that have no container yet are stopped: they cannot be left running", { count: late });
      const rest = active.all().filter((one) => !isOnItsOwn(one));
      await settled(rest, tellMs, signal);
      onParted();
      return active.all().filter(isOnItsOwn).length;
    },
    async emptied(signal) {
      const aborted = whenAborted(signal);
      while (active.size() > 0 && !signal.aborted) {
        await Promise.race([Promise.all(active.all().map(({ done }) => done)), aborted.promise]);
      }
      aborted.forget();
      if (!signal.aborted) onParted();
    },
  };
}

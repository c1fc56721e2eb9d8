import type { EngineState, SimEvent } from "./engine-state.ts";
import type { EndCause, SimContainer, SimRun } from "./sim-objects.ts";

/** The engine tells of an end before it answers those who wait: networks and mounts come in between. */
const WAIT_BEHIND_EVENT_MS = 70;
const OOM_REPORT_MS = 100;
const SIGKILLED = 137;

/** The processes of containers: they belong to the kernel, and go on while the engine is away. */
export class ContainerLife {
  readonly #state: EngineState;
  readonly #emit: (event: SimEvent) => void;
  readonly #waiters = new Map<string, Set<(exitCode: number) => void>>();

  constructor(state: EngineState, emit: (event: SimEvent) => void) {
    this.#state = state;
    this.#emit = emit;
  }

  start(container: SimContainer, pid: number): void {
    const { clock, observer } = this.#state;
    const run: SimRun = { startedMs: clock.now() };
    container.status = "running";
    container.startedAt = clock.epoch();
    container.finishedAt = undefined;
    container.oomKilled = false;
    container.runs.push(run);
    observer.started?.(container, pid);
    this.#emit({ type: "container", action: "start", container });
    const work = this.#state.workOf(container);
    if (!Number.isFinite(work.afterMs)) return;
    clock.after(work.afterMs, () => {
      this.#end(container, run, work.oom === true ? SIGKILLED : work.exitCode, "self", work.oom === true);
    });
  }

  /** SIGTERM, and SIGKILL after the grace. */
  stop(container: SimContainer, graceMs: number, cause: EndCause, graceEnds: (kill: () => void) => void): void {
    const run = container.runs.at(-1);
    if (run === undefined || container.status !== "running") return;
    const { onTerm } = this.#state.workOf(container);
    if (onTerm !== undefined && onTerm.afterMs <= graceMs) {
      this.#state.clock.after(onTerm.afterMs, () => this.#end(container, run, onTerm.exitCode, cause, false));
    } else {
      graceEnds(() => this.#end(container, run, SIGKILLED, cause, false));
    }
  }

  kill(container: SimContainer, cause: EndCause): void {
    const run = container.runs.at(-1);
    if (run !== undefined) this.#end(container, run, SIGKILLED, cause, false);
  }

  /** Is called with the exit code when the container has ended, at once if it does not run. */
  onEnd(container: SimContainer, action: (exitCode: number) => void): () => void {
    if (container.status !== "running") {
      action(container.exitCode);
      return () => {};
    }
    const waiters = this.#waiters.get(container.id) ?? new Set();
    this.#waiters.set(container.id, waiters);
    waiters.add(action);
    return () => void waiters.delete(action);
  }

  /** Nobody waits any more: the engine is gone. */
  forgetWaiters(): void {
    this.#waiters.clear();
  }

  #end(container: SimContainer, run: SimRun, exitCode: number, cause: EndCause, oom: boolean): void {
    if (container.status !== "running" || container.runs.at(-1) !== run || run.end !== undefined) return;
    const { clock, observer } = this.#state;
    run.end = { exitCode, cause, oom };
    container.status = "exited";
    container.exitCode = exitCode;
    container.finishedAt = clock.epoch();
    if (oom) {
      clock.after(OOM_REPORT_MS, () => {
        container.oomKilled = true;
      });
    }
    observer.ended?.(container);
    this.#emit({ type: "container", action: "die", container });
    const waiters = [...(this.#waiters.get(container.id) ?? [])];
    this.#waiters.delete(container.id);
    this.#state.later(WAIT_BEHIND_EVENT_MS, () => {
      for (const waiter of waiters) waiter(exitCode);
    });
  }
}

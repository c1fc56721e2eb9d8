import { startWorker, type WorkerProcess } from "../support/worker-process.ts";

const RESTART_MS = 300;

/** The workers of one id: at first one; faults end them and start more. */
export class ChaosWorkers {
  readonly #options: Parameters<typeof startWorker>[0];
  readonly #running: WorkerProcess[] = [];
  readonly all: WorkerProcess[] = [];
  #stopping = false;

  constructor(options: Parameters<typeof startWorker>[0]) {
    this.#options = options;
  }

  start(): WorkerProcess {
    const worker = startWorker(this.#options);
    this.#running.push(worker);
    this.all.push(worker);
    void worker.exited.then(async () => {
      const at = this.#running.indexOf(worker);
      if (at < 0) return;
      // It ended by itself, because there was no daemon: a service manager starts it again.
      this.#running.splice(at, 1);
      await Bun.sleep(RESTART_MS);
      if (!this.#stopping) this.start();
    });
    return worker;
  }

  get running(): readonly WorkerProcess[] {
    return this.#running;
  }

  /** Ends one of those that run; answers when it has ended. */
  async end(which: number, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const worker = this.#running[which % Math.max(1, this.#running.length)];
    if (worker === undefined) return;
    const at = this.#running.indexOf(worker);
    this.#running.splice(at, 1);
    worker.kill(signal);
    await worker.exited;
  }

  /** Ends all in order. Answers what was wrong about their ends, and defects that their logs tell of. */
  async stopAll(): Promise<readonly string[]> {
    const problems: string[] = [];
    this.#stopping = true;
    const ends = this.#running.splice(0).map(async (worker) => {
      worker.kill("SIGTERM");
      const late = setTimeout(() => worker.kill("SIGKILL"), 15_500);
      const { code } = await worker.exited;
      clearTimeout(late);
      // One that had no time to say a word had none to take the signal either.
      if (code !== 0 && worker.lines.length > 0) problems.push(`a worker ended with ${code} after SIGTERM`);
    });
    await Promise.all(ends);
    for (const { lines } of this.all) {
      for (const line of lines) if (/(defect|fault) of the worker/.test(line)) problems.push(line);
    }
    return problems;
  }
}

import type { AssignmentData } from "../support/assignment-builder.ts";
import type { OzStandIn } from "../support/oz-stand-in.ts";
import type { PlannedTask } from "./plan.ts";

const UNANSWERED_MS = 3_000;
const LOOK_EVERY_MS = 50;
const CANCEL_EVERY_MS = 1_000;

interface Run {
  readonly task: PlannedTask;
  readonly data: AssignmentData;
  state: "queued" | "sent" | "claimed" | "done";
  /** Where it was sent, or claimed, last. */
  link: number;
  /** Milliseconds of the start of the seed. */
  since: number;
  cancelledAt: number;
  redeliver: boolean;
}

/**
 * Hands out the tasks of a plan as Oz does: when their time has come and a link is there, again when an assignment stays
 * unanswered, was rejected or went over a link that is lost.
 */
export class ChaosOz {
  readonly #oz: OzStandIn;
  readonly #runs = new Map<string, Run>();
  readonly #startedAt = performance.now();
  #seen = 0;
  #timer: ReturnType<typeof setInterval>;

  constructor(oz: OzStandIn, tasks: readonly PlannedTask[], dataOf: (task: PlannedTask) => AssignmentData) {
    this.#oz = oz;
    for (const task of tasks) {
      const run: Run = {
        task,
        data: dataOf(task),
        state: "queued",
        link: 0,
        since: task.atMs,
        cancelledAt: 0,
        redeliver: false,
      };
      this.#runs.set(task.taskId, run);
    }
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  /** Task ids that have no result yet, with how far they are. */
  get unfinished(): readonly string[] {
    return [...this.#runs.values()]
      .filter(({ state }) => state !== "done")
      .map((run) => `${run.task.taskId} ${run.state}`);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    this.#read();
    if (this.#oz.openLinks === 0) return;
    const now = performance.now() - this.#startedAt;
    for (const run of this.#runs.values()) {
      const isDue = run.state === "queued" && now >= run.since;
      const isUnanswered = run.state === "sent" && now - run.since > UNANSWERED_MS;
      if (isDue || isUnanswered || (run.redeliver && run.state === "claimed")) {
        run.redeliver = false;
        run.since = now;
        if (run.state !== "claimed") run.state = "sent";
        await this.#oz.assign(run.data, 1_000).catch(() => {});
      }
      await this.#cancel(run, now);
    }
  }

  async #cancel(run: Run, now: number): Promise<void> {
    const { work, atMs } = run.task;
    if (work.kind !== "cancelled" || run.state === "done" || run.state === "queued") return;
    if (now < atMs + work.afterMs || now - run.cancelledAt < CANCEL_EVERY_MS) return;
    run.cancelledAt = now;
    await this.#oz.cancel(run.task.taskId, { timeoutMs: 1_000 }).catch(() => {});
  }

  #read(): void {
    const now = performance.now() - this.#startedAt;
    for (const event of this.#oz.events.slice(this.#seen)) {
      if (event.kind === "closed") {
        for (const run of this.#runs.values()) {
          if (run.link !== event.link) continue;
          run.redeliver ||= run.task.redelivered;
          // What was not claimed goes to whoever is there next.
          if (run.state === "sent") run.since = now - UNANSWERED_MS;
        }
      }
      if (event.kind !== "received" && event.kind !== "sent") continue;
      const run = this.#runs.get(event.taskId);
      if (run === undefined || event.type === "task_cancellation") continue;
      run.link = event.link;
      if (event.type === "task_completed" || event.type === "task_failed") run.state = "done";
      else if (event.type === "task_claimed") run.state = "claimed";
      else if (event.type === "task_rejected" && run.state === "sent") {
        run.state = "queued";
        run.since = now + 500;
      }
    }
    this.#seen = this.#oz.events.length;
  }
}

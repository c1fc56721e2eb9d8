import { executionKey } from "../../../src/task/execution.ts";
import type { AssignmentData } from "../../support/assignment-builder.ts";

/** One execution as Oz has it. */
export interface OzExecution {
  readonly taskId: string;
  readonly executionId: string;
  readonly data: AssignmentData;
  /** Whether it is handed out again when the link that claimed it is lost. */
  readonly isRedelivered: boolean;
  state: "to-come" | "queued" | "sent" | "claimed" | "done" | "withdrawn";
  /** The link that it was sent over, or claimed over, last. */
  link: number;
  /** Somebody has asked for its end. */
  isCancelled: boolean;
}

/** All executions of a run, by their keys. */
export class HandedOut {
  readonly #executions = new Map<string, OzExecution>();

  add(execution: OzExecution): void {
    this.#executions.set(executionKey(execution), execution);
  }

  get(taskId: string, executionId: string): OzExecution | undefined {
    return this.#executions.get(executionKey({ taskId, executionId }));
  }

  all(): readonly OzExecution[] {
    return [...this.#executions.values()];
  }

  /** Those that have no end yet. */
  unfinished(): readonly OzExecution[] {
    return this.all().filter(({ state }) => state !== "done" && state !== "withdrawn");
  }

  hasUnfinished(): boolean {
    for (const { state } of this.#executions.values()) if (state !== "done" && state !== "withdrawn") return true;
    return false;
  }

  /** Those of a task that an answer without an execution may mean: the ones without an answer first. */
  ofTask(taskId: string): readonly OzExecution[] {
    const ofIt = this.unfinished().filter((one) => one.taskId === taskId);
    return [...ofIt.filter(({ state }) => state === "sent"), ...ofIt.filter(({ state }) => state !== "sent")];
  }
}

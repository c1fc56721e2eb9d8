import type { FailureReason } from "../protocol/failure-reason.ts";
import type { Execution } from "../task/execution.ts";
import type { TaskOutcome } from "../task/task-outcome.ts";

/** How an execution has ended, for people who ask later. Nothing in it is a secret. */
export interface EndedTask extends Execution {
  readonly title?: string;
  readonly image?: string;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
  /** Milliseconds from the claim, or the takeover, to the end. */
  readonly durationMs: number;
  readonly outcome: TaskOutcome["kind"];
  readonly reason?: FailureReason;
  readonly exitCode?: number;
  readonly message?: string;
  /** Of the output of one that has failed. */
  lastLine?: string;
}

/** The latest ends, the oldest first. */
export interface History {
  add(ended: EndedTask): void;
  all(): readonly EndedTask[];
  /** The latest one that has failed. */
  lastFailure(): EndedTask | undefined;
}

const MAX_ENDS = 200;

export function createHistory(): History {
  const ends: EndedTask[] = [];
  return {
    add(ended) {
      ends.push(ended);
      if (ends.length > MAX_ENDS) ends.shift();
    },
    all: () => [...ends],
    lastFailure: () => ends.findLast(({ outcome }) => outcome === "failed"),
  };
}

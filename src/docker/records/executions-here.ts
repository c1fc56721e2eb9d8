import { type Execution, executionKey } from "../../task/execution.ts";
import type { HeldExecution } from "./held-execution.ts";

/** The executions that this process has, so that nobody takes what belongs to them for rubbish, or takes it over. */
export interface ExecutionsHere {
  /** Known from here on, in place of an earlier attempt at the same execution. */
  add(held: HeldExecution): void;
  /** Nothing of it is left; a later attempt at the same execution stays. */
  remove(held: HeldExecution): void;
  /** Its result is with Oz, but something of it could not be cleared away: the next look does that. */
  leave(held: HeldExecution): void;
  has(execution: Execution): boolean;
  /** Whether an attempt is one that was left. */
  isLeft(attempt: string): boolean;
  /** What was left of an attempt is cleared away. */
  cleared(attempt: string): void;
  all(): readonly HeldExecution[];
}

export function createExecutionsHere(): ExecutionsHere {
  const byKey = new Map<string, HeldExecution>();
  const left = new Set<string>();
  const remove = (held: HeldExecution) => {
    const key = executionKey(held.execution);
    if (byKey.get(key) === held) byKey.delete(key);
  };
  return {
    add: (held) => void byKey.set(executionKey(held.execution), held),
    remove,
    leave(held) {
      left.add(held.attempt);
      remove(held);
    },
    has: (execution) => byKey.has(executionKey(execution)),
    isLeft: (attempt) => left.has(attempt),
    cleared: (attempt) => void left.delete(attempt),
    all: () => [...byKey.values()],
  };
}

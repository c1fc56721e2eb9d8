import type { Clock } from "../../support/clock.ts";
import type { RunOptions, SetupStep } from "../../worker/task-runtime.ts";

/** Who is told of a step's end. */
export type OnSetup = RunOptions["onSetup"];

/** Begins a step of the set-up; the function that it answers ends it, once. A step that is not ended is told to nobody. */
export function beginStep(clock: Clock, name: SetupStep["name"], onSetup: OnSetup): (isError: boolean) => void {
  const startedAt = clock.epoch();
  let ended = false;
  return (isError) => {
    if (ended) return;
    ended = true;
    onSetup?.({ name, startedAt, finishedAt: clock.epoch(), isError });
  };
}

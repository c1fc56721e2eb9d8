import type { SetupSignature, SetupStep } from "../protocol/setup-event.ts";

/** The way to tell Oz of the steps of a task's set-up, as the worker sees it. */
export interface SetupReporter {
  /** Returns at once, and never throws: nothing depends on it. */
  report(signature: SetupSignature, step: SetupStep): void;
}

import type { Clock, Timer } from "../support/clock.ts";
import { whenAborted } from "../support/when-aborted.ts";
import type { ExecutionResult } from "../task/execution-result.ts";
import { type RunOptions, StopRequest } from "../worker/task-runtime.ts";
import { type FollowOptions, stopRequest } from "./container/run-container.ts";

/** How an execution comes to its end, `record` being for what its container does not tell. May reject with an `EngineError`. */
export type Course = (run: FollowOptions) => Promise<ExecutionResult>;

/**
 * How a course was left. `given up`: it has not heeded the one who asked to stop, and `rest` settles when it does. `lost`: it
 * is another worker's, and goes on there.
 */
export type CourseEnd =
  | { readonly kind: "ended"; readonly result: ExecutionResult }
  | { readonly kind: "given up"; readonly rest: Promise<unknown> }
  | { readonly kind: "lost" };

/**
 * What a task that is to stop has beyond its grace until it is given up, before its container was started and after: a call
 * that the engine does not answer must not hold up the one who asked.
 */
const UNSTARTED_PATIENCE_MS = 2_000;
const STARTED_PATIENCE_MS = 4_000;

/**
 * Follows a course to its end, but not for longer than the one who asks to stop has patience, and not once it has become
 * another worker's. Rejects as the course does.
 */
export async function followCourse(
  course: Course,
  run: FollowOptions,
  lost: AbortSignal,
  clock: Clock,
): Promise<CourseEnd> {
  const stop = new AbortController();
  let isStarted = false;
  let isLeft = false;
  const onStage: RunOptions["onStage"] = (stage, container) => {
    if (stage === "running" && !isStarted) {
      isStarted = true;
      // It was about to start when it was to stop: what runs has its grace.
      if (abortedAt !== undefined) waitFrom(abortedAt);
    }
    if (!isLeft) run.onStage?.(stage, container);
  };
  let timer: Timer | undefined;
  let abortedAt: number | undefined;
  const outOfPatience = Promise.withResolvers<undefined>();
  const waitFrom = (since: number) => {
    const limitMs = isStarted ? stopRequest(run.signal).graceMs + STARTED_PATIENCE_MS : UNSTARTED_PATIENCE_MS;
    timer?.cancel();
    timer = clock.after(Math.max(0, since + limitMs - clock.now()), () => outOfPatience.resolve(undefined));
  };
  const onAbort = () => {
    // Nobody stops, from here, what is another worker's.
    if (lost.aborted) return;
    stop.abort(run.signal.reason);
    abortedAt = clock.now();
    waitFrom(abortedAt);
  };
  if (run.signal.aborted) onAbort();
  else run.signal.addEventListener("abort", onAbort, { once: true });

  const working = course({ ...run, signal: stop.signal, onStage });
  const losing = whenAborted(lost);
  try {
    const result = await Promise.race([working, outOfPatience.promise, losing.promise]);
    if (result !== undefined) return { kind: "ended", result };
  } finally {
    timer?.cancel();
    losing.forget();
    run.signal.removeEventListener("abort", onAbort);
  }
  isLeft = true;
  working.catch(() => {});
  if (!lost.aborted) return { kind: "given up", rest: working };
  // What it was about to make is not wanted any more; what runs is another worker's.
  if (!isStarted) stop.abort(new StopRequest("shutdown", 0));
  return { kind: "lost" };
}

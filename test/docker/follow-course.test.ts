import { describe, expect, test } from "bun:test";
import { type Course, followCourse } from "../../src/docker/follow-course.ts";
import type { ExecutionResult } from "../../src/task/execution-result.ts";
import { StopRequest, type TaskStage } from "../../src/worker/task-runtime.ts";
import { ManualClock } from "../support/manual-clock.ts";

const EXITED: ExecutionResult = { kind: "exited", exitCode: 3, oomKilled: false };

/** A course that says how far it has come, and ends when a test says so, whatever it is asked. */
function scene(stages: readonly TaskStage[]) {
  const end = Promise.withResolvers<ExecutionResult>();
  const [asked, lost] = [new AbortController(), new AbortController()];
  const clock = new ManualClock();
  const said: TaskStage[] = [];
  const given: AbortSignal[] = [];
  let say: ((stage: TaskStage) => void) | undefined;
  const course: Course = (run) => {
    given.push(run.signal);
    say = run.onStage;
    for (const stage of stages) say?.(stage);
    return end.promise;
  };
  const run = { signal: asked.signal, onStage: (stage: TaskStage) => void said.push(stage), record: async () => {} };
  const seen: string[] = [];
  const followed = followCourse(course, run, lost.signal, clock);
  void followed.then(({ kind }) => seen.push(kind));
  /** How it was left after so many milliseconds; empty where it is still followed. */
  const after = async (ms: number) => {
    clock.advance(ms);
    await Bun.sleep(0);
    return seen.join();
  };
  const stop = (graceMs: number) => asked.abort(new StopRequest("cancelled", graceMs));
  const isStopped = () => given.some((signal) => signal.aborted);
  return { end, lost, clock, said, followed, after, stop, isStopped, say: (stage: TaskStage) => say?.(stage) };
}

describe("a course", () => {
  test("is followed to its end, and leaves nothing behind", async () => {
    const { end, clock, followed, stop } = scene(["preparing"]);
    end.resolve(EXITED);
    expect(await followed).toEqual({ kind: "ended", result: EXITED });
    stop(1_000);
    expect(clock.pending()).toEqual([]);
  });

  test("that does not heed a stop before its start is given up after two seconds, and says nothing more", async () => {
    const { after, stop, isStopped, said, say } = scene(["preparing", "creating"]);
    stop(10_000);
    expect(await after(1_999)).toBe("");
    expect(await after(1)).toBe("given up");
    expect(isStopped()).toBe(true);
    say("running");
    expect(said).toEqual(["preparing", "creating"]);
  });

  test("that has started has its grace, and a little more", async () => {
    const { after, stop } = scene(["running"]);
    stop(10_000);
    expect(await after(13_999)).toBe("");
    expect(await after(1)).toBe("given up");
  });

  test("that ends within that time is told as it ended", async () => {
    const { end, after, stop, followed, clock } = scene(["running"]);
    stop(10_000);
    expect(await after(9_000)).toBe("");
    end.resolve(EXITED);
    expect(await followed).toEqual({ kind: "ended", result: EXITED });
    expect(clock.pending()).toEqual([]);
  });

  test.each([
    [["preparing"], true],
    [["preparing", "creating", "running"], false],
  ] as const)("that is lost after %j is left: stopped from here %p", async (stages, isStoppedThen) => {
    const { after, stop, lost, isStopped } = scene(stages);
    lost.abort();
    expect(await after(0)).toBe("lost");
    stop(1_000);
    expect(await after(60_000)).toBe("lost");
    expect(isStopped()).toBe(isStoppedThen);
  });
});

import { pause } from "../../support/clock.ts";
import type { StopRequest } from "../../worker/task-runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { hasStatus, isEngineAway } from "../engine/engine-error.ts";
import { enginePath } from "../engine/engine-path.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import type { ContainerExit } from "./container-exit.ts";

/** Beyond the grace the daemon gets this long to kill and to tell. */
const KILL_MARGIN_MS = 20_000;

/**
 * Ends a running container: SIGTERM, then after the grace SIGKILL, also when it is paused. Answers how it ended, or
 * `undefined` when the daemon did not tell in time.
 */
export async function stopContainer(
  engine: Engine,
  watch: EngineWatch,
  id: string,
  request: StopRequest,
  exit: Promise<ContainerExit>,
): Promise<ContainerExit | undefined> {
  const stop = persist(watch, undefined, () => askToStop(engine, id, request.graceMs));
  stop.catch((error: unknown) => watch.note(error));
  const limit = new AbortController();
  const givenUp = pause(watch.clock, request.graceMs + KILL_MARGIN_MS, limit.signal).then(() => undefined);
  try {
    return await Promise.race([exit, givenUp]);
  } finally {
    limit.abort();
  }
}

async function askToStop(engine: Engine, id: string, graceMs: number): Promise<void> {
  try {
    await engine.run({
      method: "POST",
      path: enginePath`/containers/${id}/stop`,
      isUrgent: true,
      query: { t: Math.ceil(graceMs / 1000) },
      limitMs: graceMs + KILL_MARGIN_MS,
    });
  } catch (error) {
    if (hasStatus(error, 404)) return;
    if (isEngineAway(error)) throw error;
    // A paused container takes no signal: it is woken, and then ended without grace.
    await engine.run({ method: "POST", path: enginePath`/containers/${id}/unpause`, isUrgent: true }).catch(() => {});
    await engine
      .run({ method: "POST", path: enginePath`/containers/${id}/kill`, isUrgent: true })
      .catch((failure: unknown) => {
        if (isEngineAway(failure)) throw failure;
      });
  }
}

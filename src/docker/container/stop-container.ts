import { pause } from "../../support/clock.ts";
import type { StopRequest } from "../../worker/task-runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { describeError, hasStatus, isEngineAway } from "../engine/engine-error.ts";
import { enginePath } from "../engine/engine-path.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import type { ContainerExit } from "./container-exit.ts";

/** Beyond the grace the daemon gets this long to kill and to tell. */
const KILL_MARGIN_MS = 20_000;

/**
 * Ends a running container: SIGTERM, whatever signal its image asks for, then after the grace SIGKILL, also when it is paused.
 * Answers how it ended, or `undefined` when the daemon did not tell in time. The signals are sent from here: the engine's own
 * stop waits for each container inside of one call, and many of those at once get in each other's way.
 */
export async function stopContainer(
  engine: Engine,
  watch: EngineWatch,
  id: string,
  request: StopRequest,
  exit: Promise<ContainerExit>,
): Promise<ContainerExit | undefined> {
  for (const { signal, waitMs } of [
    { signal: "SIGTERM", waitMs: request.graceMs },
    { signal: "SIGKILL", waitMs: KILL_MARGIN_MS },
  ] as const) {
    const limit = new AbortController();
    // The request is over with its grace; the kill that follows is not, whatever the daemon does meanwhile.
    const until = signal === "SIGTERM" ? limit.signal : undefined;
    const sent = persist(watch, until, () => sendSignal(engine, id, signal));
    sent.catch((error: unknown) => watch.note(error));
    const over = pause(watch.clock, waitMs, limit.signal).then(() => undefined);
    try {
      const ended = await Promise.race([exit, over]);
      if (ended !== undefined) return ended;
    } finally {
      limit.abort();
    }
  }
  return undefined;
}

async function sendSignal(engine: Engine, id: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  const path = enginePath`/containers/${id}/kill`;
  try {
    await engine.run({ method: "POST", path, query: { signal }, isUrgent: true });
  } catch (error) {
    // Gone, or ended: it is told elsewhere how.
    if (hasStatus(error, 404) || (hasStatus(error, 409) && !/paused/i.test(describeError(error)))) return;
    if (isEngineAway(error)) throw error;
    // A paused container takes no signal: it is woken, and then ended without grace.
    await engine.run({ method: "POST", path: enginePath`/containers/${id}/unpause`, isUrgent: true }).catch(() => {});
    await engine
      .run({ method: "POST", path, query: { signal: "SIGKILL" }, isUrgent: true })
      .catch((failure: unknown) => {
        if (isEngineAway(failure)) throw failure;
      });
  }
}

import type { Readable } from "node:stream";
import type { Engine } from "./engine.ts";

/** The time from one start of the daemon to its end, as seen from here. */
export interface EngineLife {
  /** `false` once the daemon may have ended since; for good. */
  lasts(): boolean;
}

/**
 * Tells whether the daemon was restarted between two moments: some of what it makes does not outlive it. The API gives no
 * date of its start, so that a stream of no events is held open, which ends when the daemon does.
 */
export interface EngineLives {
  /** The present life. Rejects with an `EngineError` where the daemon does not answer. */
  present(): Promise<EngineLife>;
  /** Ends the stream. */
  close(): void;
}

/** No event bears this label. */
const NO_EVENTS = JSON.stringify({ label: ["oz-agent-worker.none"] });

export function createEngineLives(engine: Engine): EngineLives {
  let opening: Promise<EngineLife> | undefined;
  let stream: Readable | undefined;
  let closed = false;

  async function begin(): Promise<EngineLife> {
    const opened = await engine.open({ method: "GET", path: "/events", query: { filters: NO_EVENTS } });
    stream = opened;
    let lasts = true;
    const end = () => {
      // "close" follows "end": the next life may have begun in between.
      if (!lasts) return;
      lasts = false;
      opening = undefined;
    };
    for (const event of ["end", "close", "error"]) opened.on(event, end);
    if (closed) opened.destroy();
    opened.resume();
    return { lasts: () => lasts };
  }

  return {
    present() {
      opening ??= begin().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    close() {
      closed = true;
      stream?.destroy();
    },
  };
}

import type { Readable } from "node:stream";
import type { Engine } from "./engine.ts";
import { EngineError } from "./engine-error.ts";
import { enginePath } from "./engine-path.ts";
import { onJsonLine } from "./json-lines.ts";

/** The time from one start of the daemon to its end, as seen from here. */
export interface EngineLife {
  /** `false` once the daemon may have ended since; for good. */
  lasts(): boolean;
}

/**
 * Tells whether the daemon was restarted between two moments: some of what it makes does not outlive it. The API gives no
 * date of its start, so that a stream of events is held open, which ends when the daemon does.
 */
export interface EngineLives {
  /** The present life. Rejects with an `EngineError` where the daemon does not answer, and after `close`. */
  present(): Promise<EngineLife>;
  /** Ends the stream. */
  close(): void;
}

export interface EngineLivesOptions {
  /** Which events come, as the API takes it. Default none. */
  readonly filters?: string;
  /** Gets the events of the lives that were asked for. */
  readonly onEvent?: (event: unknown) => void;
  /** Is called when one of those lives may have ended. */
  readonly onEnd?: (() => void) | undefined;
}

/** No event bears this label. */
const NO_EVENTS = JSON.stringify({ label: ["oz-agent-worker.none"] });

export function createEngineLives(engine: Engine, options: EngineLivesOptions = {}): EngineLives {
  const { filters = NO_EVENTS, onEvent = () => {}, onEnd = () => {} } = options;
  let opening: Promise<EngineLife> | undefined;
  let stream: Readable | undefined;
  let closed = false;

  async function begin(): Promise<EngineLife> {
    const opened = await engine.open({ method: "GET", path: enginePath`/events`, query: { filters } });
    stream = opened;
    let lasts = true;
    const end = () => {
      // "close" follows "end": the next life may have begun in between.
      if (!lasts) return;
      lasts = false;
      opening = undefined;
      if (!closed) onEnd();
    };
    for (const event of ["end", "close", "error"]) opened.on(event, end);
    onJsonLine(opened, onEvent);
    if (closed) opened.destroy();
    return { lasts: () => lasts };
  }

  return {
    present() {
      if (closed) return Promise.reject(new EngineError("aborted", "the worker ends"));
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

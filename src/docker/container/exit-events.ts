import * as v from "valibot";
import type { Log } from "../../support/log.ts";
import type { Engine } from "../engine/engine.ts";
import { describeError } from "../engine/engine-error.ts";
import { createEngineLives } from "../engine/engine-lives.ts";
import { LABELS } from "../records/labels.ts";

/** A look-out for the end of one container. */
export interface ExitLookout {
  /** The exit code, as soon as the engine tells it. Never rejects, and need not resolve. */
  readonly exitCode: Promise<number>;
  /** Ends it. */
  close(): void;
}

/**
 * The ends of this worker's containers, as the engine tells them to everybody, once their output is complete. Who waits for
 * a container hears of its end later, when its network and mounts have been cleared away. What comes here may get lost with
 * a connection: it is for speed alone, and whoever must know waits as well.
 */
export interface ExitEvents {
  /** To be called before the container is started. */
  lookOut(containerId: string): ExitLookout;
  /** Ends the stream. */
  close(): void;
}

/** An event of `GET /events`, as far as it is used. */
const ContainerEvent = v.object({
  Action: v.picklist(["start", "die"]),
  Actor: v.object({ ID: v.string(), Attributes: v.object({ exitCode: v.optional(v.string()) }) }),
});

interface Waiting {
  readonly resolve: (exitCode: number) => void;
  /** Whether its events are known to tell the truth. */
  isTrusted: boolean;
}

/** `onEnd` is called when the daemon may have ended. */
export function createExitEvents(engine: Engine, workerId: string, log: Log, onEnd?: () => void): ExitEvents {
  const waiting = new Map<string, Waiting>();

  function take(told: unknown): void {
    const event = v.safeParse(ContainerEvent, told);
    const one = event.success ? waiting.get(event.output.Actor.ID) : undefined;
    if (!event.success || one === undefined) return;
    const { exitCode } = event.output.Actor.Attributes;
    // Labels stand among the attributes, and win: an image that has one of that name shows it here already.
    if (event.output.Action === "start") one.isTrusted = exitCode === undefined;
    else if (one.isTrusted && exitCode !== undefined && /^\d{1,3}$/.test(exitCode)) one.resolve(Number(exitCode));
  }

  const label = [`${LABELS.workerId}=${workerId}`];
  const filters = JSON.stringify({ label, type: ["container"], event: ["start", "die"] });
  const lives = createEngineLives(engine, { filters, onEvent: take, onEnd });

  return {
    lookOut(containerId) {
      lives.present().catch((error: unknown) => {
        log.debug("the Docker daemon's events cannot be had: ends of tasks are noticed a little later", {
          reason: describeError(error),
        });
      });
      const { promise, resolve } = Promise.withResolvers<number>();
      waiting.set(containerId, { resolve, isTrusted: false });
      return { exitCode: promise, close: () => void waiting.delete(containerId) };
    },
    close: () => lives.close(),
  };
}

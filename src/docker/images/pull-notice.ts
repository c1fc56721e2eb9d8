import type { Clock } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import { repeat } from "../../support/repeat.ts";
import type { EngineWatch } from "../engine/engine-watch.ts";
import type { ImageReference } from "../registry/image-reference.ts";
import type { PullFailure } from "./pull-failure.ts";

/** What is known of a pull under way. One that takes long says every 30 s how far it is, once for all who wait for it. */
export interface PullNotice {
  /** Where the pull stands from now on, in words. */
  at(stage: () => string): void;
  /** Does what asks the registry; the time that it takes is counted. */
  asking<T>(ask: () => Promise<T>): Promise<T>;
  /** Milliseconds that the registry was asked. What the pull waited for else is not among them. */
  askedMs(): number;
  /** Says that another try follows, and why. */
  again(failure: PullFailure, delayMs: number): void;
  /** No more lines. */
  end(): void;
}

export interface PullNoticeOptions {
  readonly watch: Pick<EngineWatch, "away">;
  readonly clock: Clock;
  readonly log: Log;
}

const EVERY_MS = 30_000;

/** The caller ends it. */
export function createPullNotice({ watch, clock, log }: PullNoticeOptions, reference: ImageReference): PullNotice {
  const begunAt = clock.now();
  const seconds = () => Math.round((clock.now() - begunAt) / 1000);
  let askedMs = 0;
  let stage = () => "it begins";
  const lines = repeat(clock, EVERY_MS, async () => {
    const progress = watch.away() === undefined ? stage() : "the Docker daemon does not answer";
    const { familiar: image, registry } = reference;
    log.info("an image is still being pulled", { image, registry, progress, seconds: seconds() });
  });
  return {
    at(now) {
      stage = now;
    },
    async asking(ask) {
      const from = clock.now();
      try {
        return await ask();
      } finally {
        askedMs += clock.now() - from;
      }
    },
    askedMs: () => askedMs,
    again({ kind, said }, delayMs) {
      const delaySeconds = delayMs / 1000;
      log.warn("a pull failed and is tried again", { image: reference.familiar, reason: kind, said, delaySeconds });
      stage = () => "the last try failed, and the next one follows";
    },
    end: () => lines.stop(),
  };
}

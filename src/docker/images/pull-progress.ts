import type { Readable } from "node:stream";
import * as v from "valibot";
import { type Clock, systemClock } from "../../support/clock.ts";
import { EngineError } from "../engine/engine-error.ts";
import { onJsonLine } from "../engine/json-lines.ts";

/** One JSON line of the answer to `POST /images/create` (Docker Engine API, "Create an image"). */
const ProgressLine = v.object({
  status: v.optional(v.string()),
  error: v.optional(v.string()),
  errorDetail: v.optional(v.object({ message: v.optional(v.string()) })),
});

/** What a pull has come to: the error that Docker reports inside the stream, or what it has pulled. */
export interface PullEnd {
  readonly failure?: string;
  /** The manifest's, as the registry has it; absent where the engine does not say. */
  readonly digest?: string;
  /** The engine says that it had the image already. */
  readonly isUpToDate?: true;
}

/**
 * Reads a pull's progress to its end.
 * Rejects with an `EngineError`: `unreachable` when the stream breaks, `stalled` after `stallMs` without a byte.
 */
export function readPullProgress(stream: Readable, stallMs: number, clock: Clock = systemClock): Promise<PullEnd> {
  return new Promise((resolve, reject) => {
    let failure: string | undefined;
    let digest: string | undefined;
    let isUpToDate = false;
    let ended = false;
    let stall = clock.after(stallMs, onStall);

    function finish(act: () => void): void {
      if (ended) return;
      ended = true;
      stall.cancel();
      stream.destroy();
      act();
    }
    function onStall(): void {
      const seconds = Math.round(stallMs / 1000);
      finish(() => reject(new EngineError("stalled", `no progress for ${seconds} s: the pull was given up`)));
    }
    function take(line: unknown): void {
      const parsed = v.safeParse(ProgressLine, line);
      if (!parsed.success) return;
      failure ??= parsed.output.errorDetail?.message ?? parsed.output.error;
      const status = parsed.output.status ?? "";
      digest ??= /^Digest: (\S+)$/.exec(status)?.[1];
      isUpToDate ||= status.startsWith("Status: Image is up to date");
    }

    stream.on("data", () => {
      stall.cancel();
      stall = clock.after(stallMs, onStall);
    });
    onJsonLine(stream, take);
    stream.on("end", () => {
      finish(() =>
        resolve({
          ...(failure === undefined ? {} : { failure }),
          ...(digest === undefined ? {} : { digest }),
          ...(isUpToDate ? { isUpToDate } : {}),
        }),
      );
    });
    stream.on("error", (error: Error) => {
      finish(() => reject(new EngineError("unreachable", `the connection broke during the pull: ${error.message}`)));
    });
    stream.on("close", () => {
      finish(() => reject(new EngineError("unreachable", "the connection broke during the pull")));
    });
  });
}

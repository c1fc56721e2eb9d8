import type { Readable } from "node:stream";
import * as v from "valibot";
import { EngineError } from "../engine/engine-error.ts";
import { onJsonLine } from "../engine/json-lines.ts";
import type { ProgressLine } from "./layer-progress.ts";

/** One JSON line of the answer to `POST /images/create` (Docker Engine API, "Create an image"). */
const PullLine = v.object({
  status: v.optional(v.string()),
  id: v.fallback(v.optional(v.string()), undefined),
  progressDetail: v.fallback(
    v.optional(
      v.object({ current: v.optional(v.number()), total: v.optional(v.number()), units: v.optional(v.string()) }),
    ),
    undefined,
  ),
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
 * Reads a pull's progress to its end and shows each line to `onLine`.
 * Rejects with an `EngineError`: `unreachable` when the stream breaks, `aborted` when the signal does.
 */
export function readPullProgress(
  stream: Readable,
  signal: AbortSignal,
  onLine: (line: ProgressLine) => void,
): Promise<PullEnd> {
  return new Promise((resolve, reject) => {
    let failure: string | undefined;
    let digest: string | undefined;
    let isUpToDate = false;
    let ended = false;

    function finish(act: () => void): void {
      if (ended) return;
      ended = true;
      signal.removeEventListener("abort", onAbort);
      stream.destroy();
      act();
    }
    function onAbort(): void {
      finish(() => reject(new EngineError("aborted", "the pull was given up")));
    }
    function take(line: unknown): void {
      const parsed = v.safeParse(PullLine, line);
      if (!parsed.success || ended) return;
      failure ??= parsed.output.errorDetail?.message ?? parsed.output.error;
      const status = parsed.output.status ?? "";
      digest ??= /^Digest: (\S+)$/.exec(status)?.[1];
      isUpToDate ||= status.startsWith("Status: Image is up to date");
      onLine(parsed.output);
    }

    signal.addEventListener("abort", onAbort, { once: true });
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
    if (signal.aborted) onAbort();
  });
}

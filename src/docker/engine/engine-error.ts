import { messageOf } from "../../support/message-of.ts";
/**
 * Why a call to the Docker engine brought no answer that can be used.
 * - `status`: the engine answered with an error status (see `status`)
 * - `unreachable`: no connection, or it broke
 * - `timeout`: no answer within the call's limit
 * - `version`: the engine does not speak the API version that it was asked in, and has done nothing
 * - `aborted`: the caller's signal ended it
 * - `malformed`: the answer is not what the Engine API documents
 */
export type EngineErrorKind = "status" | "unreachable" | "timeout" | "version" | "aborted" | "malformed";

/** A failed call to the Docker engine; the message is one line and names the call. */
export class EngineError extends Error {
  constructor(
    readonly kind: EngineErrorKind,
    message: string,
    /** The HTTP status, for kind `status`. */
    readonly status?: number,
  ) {
    super(message);
    this.name = "EngineError";
  }
}

/** Whether the engine answered with this status. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return error instanceof EngineError && error.status !== undefined && statuses.includes(error.status);
}

/** Whether the engine could not be asked, or did not answer: nothing is known about what the call did. */
export function isEngineAway(error: unknown): boolean {
  return (
    error instanceof EngineError &&
    (error.kind === "unreachable" || error.kind === "timeout" || isVersionRefused(error))
  );
}

/** Whether the engine, which may be another one by now, must first be agreed with on another API version. */
export function isVersionRefused(error: unknown): boolean {
  return error instanceof EngineError && error.kind === "version";
}

/** Whether nothing listens where the engine is looked for. */
export function isRefused(error: unknown): boolean {
  return isEngineAway(error) && /ECONNREFUSED|ENOENT/.test(describeError(error));
}

/** Whether the question may have reached the engine, and no answer came: it may have done what was asked. */
export function mayBeDone(error: unknown): boolean {
  return isEngineAway(error) && !isVersionRefused(error) && !isRefused(error);
}

/** One plain line for a message or the log, whatever was thrown. */
export function describeError(error: unknown): string {
  const text = messageOf(error);
  return text.replace(/\s+/g, " ").trim();
}

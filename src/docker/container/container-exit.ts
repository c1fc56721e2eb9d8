import type { Readable } from "node:stream";
import * as v from "valibot";
import { type Clock, pause } from "../../support/clock.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineError, hasStatus } from "../engine/engine-error.ts";
import { inspectContainer } from "../engine/engine-objects.ts";
import { enginePath } from "../engine/engine-path.ts";
import { type ContainerDetails, WaitAnswer } from "../engine/engine-schemas.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import { parseJson } from "../engine/json-lines.ts";
import { readAnswer } from "../engine/read-answer.ts";

/** How a container's process ended; `gone` when somebody else removed the container, with the code if it was seen. */
export type ContainerExit = Exited | { readonly kind: "gone"; readonly exitCode?: number };

interface Exited {
  readonly kind: "exited";
  readonly exitCode: number;
  readonly oomKilled: boolean;
}

/** A subscription to a container's end. */
export interface ExitSubscription {
  /**
   * Resolves when the container has ended, whatever becomes of the connection. Rejects with an `EngineError` where the engine
   * refuses to tell, and after `close`.
   */
  readonly exit: Promise<ContainerExit>;
  /** Ends the subscription. */
  close(): void;
}

/** A code, and perhaps a failure in words. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Code of a process that SIGKILL ended, by whomever. */
const SIGKILLED = 137;
/** The kernel's report of a kill for memory may reach the engine just after the end of the process. */
const OOM_REPORT_DELAY_MS = 250;
/** Between two looks at a container that is about to be started. */
const UNSTARTED_LOOK_MS = 200;
/** Between two subscriptions, doubling while they do not last. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5_000;
const LASTED_MS = 5_000;

/**
 * Subscribes to the end of a container that was started, whether it still runs or not. A broken connection, or a restarted
 * daemon, is followed by a look at the container and a new subscription. `early` may tell the exit code before the engine's
 * own answer.
 */
export function subscribeExit(
  engine: Engine,
  watch: EngineWatch,
  id: string,
  early?: Promise<number>,
): ExitSubscription {
  const abort = new AbortController();
  const { signal } = abort;
  const answered = follow(engine, watch, id, signal);
  const exit = early === undefined ? answered : Promise.race([answered, earlyExit(early)]);
  exit.catch(() => {});
  return { exit, close: () => abort.abort(new EngineError("aborted", "the wait was ended")) };
}

/** A SIGKILL needs a look at the container: that may have been memory, or somebody who removes it. */
async function earlyExit(early: Promise<number>): Promise<ContainerExit> {
  const exitCode = await early;
  if (exitCode === SIGKILLED) return await new Promise(() => {});
  return { kind: "exited", exitCode, oomKilled: false };
}

async function follow(engine: Engine, watch: EngineWatch, id: string, signal: AbortSignal): Promise<ContainerExit> {
  let stream: Readable | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  const { clock } = watch;
  for (;;) {
    const openedAt = clock.now();
    try {
      // Once only without a look before: a daemon that was killed may have forgotten that it had started the container.
      stream ??= await openWait(engine, id, signal);
      return await confirm(engine, clock, id, await readWait(stream));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (hasStatus(error, 404)) return { kind: "gone" };
      if (!(error instanceof EngineError)) throw error;
      watch.note(error);
    }
    // Something between here and the daemon may cut every wait at once.
    pauseMs = clock.now() - openedAt > LASTED_MS ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LAST_PAUSE_MS);
    await pause(clock, pauseMs, signal);
    const next = await persist(watch, signal, () => resume(engine, clock, id, signal), Number.POSITIVE_INFINITY);
    if ("kind" in next) return next;
    stream = next;
  }
}

/** A new subscription to a container that runs, or how it has ended meanwhile. */
async function resume(
  engine: Engine,
  clock: Clock,
  id: string,
  signal: AbortSignal,
): Promise<Readable | ContainerExit> {
  for (;;) {
    if (signal.aborted) throw signal.reason;
    const details = await inspectContainer(engine, id);
    if (details === undefined) return { kind: "gone" };
    const sure = await withMemoryReport(engine, clock, details);
    if (sure === undefined) return { kind: "gone" };
    const ended = exitOf(sure);
    if (ended !== undefined) return ended;
    // One that is not started yet is "not running" too, with code 0: it has not ended.
    if (details.State.Status !== "created") return await openWait(engine, id, signal);
    await pause(clock, UNSTARTED_LOOK_MS, signal);
  }
}

function openWait(engine: Engine, id: string, signal: AbortSignal): Promise<Readable> {
  return engine.open({
    method: "POST",
    path: enginePath`/containers/${id}/wait`,
    query: { condition: "not-running" },
    signal,
  });
}

async function readWait(stream: Readable): Promise<number> {
  const answer = v.safeParse(WaitAnswer, parseJson(await readAnswer(stream, MAX_ANSWER_BYTES, "the wait for its end")));
  if (!answer.success) {
    throw new EngineError("unreachable", "the connection broke while the container was waited for");
  }
  if (answer.output.Error) throw new EngineError("malformed", answer.output.Error.Message);
  return answer.output.StatusCode;
}

async function confirm(engine: Engine, clock: Clock, id: string, exitCode: number): Promise<ContainerExit> {
  if (exitCode !== SIGKILLED) return { kind: "exited", exitCode, oomKilled: false };
  const details = await inspectContainer(engine, id);
  if (details === undefined || details.State.Status === "removing" || details.State.Status === "dead") {
    return { kind: "gone", exitCode };
  }
  const sure = await withMemoryReport(engine, clock, details);
  return sure ? { kind: "exited", exitCode, oomKilled: sure.State.OOMKilled } : { kind: "gone", exitCode };
}

/**
 * A container as it is once the engine must have heard whether it was memory that it was killed for; `undefined` where it
 * is gone by then.
 */
export async function withMemoryReport(
  engine: Engine,
  clock: Clock,
  details: ContainerDetails,
): Promise<ContainerDetails | undefined> {
  const { ExitCode, OOMKilled } = details.State;
  if (exitOf(details) === undefined || ExitCode !== SIGKILLED || OOMKilled) return details;
  await pause(clock, OOM_REPORT_DELAY_MS);
  return await inspectContainer(engine, details.Id);
}

/** How an inspected container ended; `undefined` while it runs, or where it was never started. */
export function exitOf(details: ContainerDetails): Exited | undefined {
  if (details.State.Status !== "exited" && details.State.Status !== "dead") return undefined;
  return { kind: "exited", exitCode: details.State.ExitCode, oomKilled: details.State.OOMKilled };
}

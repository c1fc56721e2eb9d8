import type { Log } from "../../support/log.ts";
import type { ExecutionResult } from "../../task/execution-result.ts";
import type { TaskSpec } from "../../task/task-spec.ts";
import type { RunOptions } from "../../worker/task-runtime.ts";
import type { CreateWarnings } from "../engine/create-warnings.ts";
import { describeError } from "../engine/engine-error.ts";
import type { EngineLives } from "../engine/engine-lives.ts";
import { removeContainer } from "../engine/engine-objects.ts";
import { persist } from "../engine/engine-watch.ts";
import type { HeldExecution, TaskContainer } from "../records/held-execution.ts";
import type { Ledger } from "../records/ledger.ts";
import { createTaskContainer } from "./create-task-container.ts";
import { guessTask } from "./guess-task.ts";
import { type Preparation, type PreparedTask, type PrepareOptions, prepareTask } from "./prepare-task.ts";
import { beginStep } from "./time-step.ts";

export interface ReadyOptions extends PrepareOptions {
  readonly ledger: Ledger;
  readonly lives: EngineLives;
  readonly onWarnings: CreateWarnings;
  readonly log: Log;
}

/** A created container with everything that was asked for. */
export interface ReadyContainer {
  readonly container: TaskContainer;
  /** Ends the step that begins with its creation. */
  readonly started: (isError: boolean) => void;
  /** `false` once the daemon has been restarted and the container's mounts have not come through that. */
  isIntact(): boolean;
}

export type Readiness =
  | { readonly ok: true; readonly ready: ReadyContainer }
  | { readonly ok: false; readonly result: ExecutionResult };

/** A container and what it was made from. */
interface Made extends ReadyContainer {
  readonly from: PreparedTask;
  /** Whether it holds the sidecar content that was prepared. */
  readonly isValid: Promise<boolean>;
}

/** How often content may be cleared away between its preparation and its use before that is a failure. */
const MAX_ROUNDS = 5;

/**
 * Gets a task's container ready to be started. While the registries are asked, a container is made from what is here
 * already; if they answer with something newer it is thrown away, and nobody ever sees it. The held execution knows at any
 * moment which container there is. Rejects with the signal's reason.
 */
export async function readyContainer(
  options: ReadyOptions,
  spec: TaskSpec,
  held: HeldExecution,
  run: RunOptions,
): Promise<Readiness> {
  const { log } = options;
  run.onStage?.("preparing");
  let guess: Promise<Made | undefined> = guessContainer(options, spec, held, run);
  try {
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      const onSetup = round === 1 ? run.onSetup : undefined;
      const prepared = await prepareTask(options, spec, held.attempt, run.signal, onSetup);
      const guessed = await guess;
      guess = Promise.resolve(undefined);
      if (guessed !== undefined && !isWhatWasPrepared(guessed.from, prepared)) {
        await discard(options, held, guessed);
      }
      if (!prepared.ok) return prepared;
      if (run.signal.aborted) throw run.signal.reason;

      run.onStage?.("creating");
      const made = held.container === undefined ? await make(options, spec, held, prepared.task, run) : guessed;
      if (made === undefined) throw new Error("a container is held that was not made here");
      if ("result" in made) {
        made.started(true);
        // Another daemon may not take the mounts that were prepared for the one before.
        if (made.isIntact()) return { ok: false, result: made.result };
      } else if ((await made.isValid) && made.isIntact()) {
        return { ok: true, ready: made };
      }
      log.warn("sidecar content was cleared away, or lost in a restart of the Docker daemon, and is prepared again", {
        task: spec.execution.taskId,
      });
      if (!("result" in made)) await discard(options, held, made);
    }
  } finally {
    const unused = await guess;
    if (unused !== undefined) await discard(options, held, unused);
  }
  const detail = "the content of a sidecar was cleared away again and again by somebody else";
  return { ok: false, result: { kind: "failed", reason: "sidecar_prep", detail } };
}

async function guessContainer(
  options: ReadyOptions,
  spec: TaskSpec,
  held: HeldExecution,
  run: RunOptions,
): Promise<Made | undefined> {
  try {
    const task = await guessTask(options, spec);
    if (task === undefined) return undefined;
    const made = await make(options, spec, held, task, run);
    return "result" in made ? undefined : made;
  } catch (error) {
    // The way without a guess will meet the same trouble, and report it.
    options.log.debug("no container could be made in advance", { reason: describeError(error) });
    return undefined;
  }
}

async function make(
  options: ReadyOptions,
  spec: TaskSpec,
  held: HeldExecution,
  task: PreparedTask,
  { signal, onSetup }: RunOptions,
): Promise<Made | (Pick<Made, "started" | "isIntact"> & { readonly result: ExecutionResult })> {
  const { watch, ledger } = options;
  const sidecars = task.sidecars.map((sidecar) => sidecar.mount);
  const outlivesEngine = task.sidecars.every((sidecar) => sidecar.outlivesEngine);
  const life = outlivesEngine ? undefined : await persist(watch, signal, () => options.lives.present());
  const started = beginStep(options.clock, "container_start", onSetup);
  const isIntact = () => life?.lasts() ?? true;
  const created = await createTaskContainer(options, spec, held.attempt, sidecars);
  if (!created.ok) return { result: created.result, started, isIntact };
  const { container } = created;
  held.container = container;
  // From here on the content cannot be cleared away any more. A claim may have been, as by a prune, in a long pull: a
  // container without one would be nobody's to report.
  const keepClaim = () => ledger.keepClaim(spec.execution, held.attempt);
  const check = () => Promise.all([...task.sidecars.map((sidecar) => sidecar.stillValid()), keepClaim()]);
  const isValid = persist(watch, signal, check).then((answers) => !answers.includes(false));
  isValid.catch(() => {});
  return { container, from: task, isValid, started, isIntact };
}

async function discard(options: ReadyOptions, held: HeldExecution, made: Made): Promise<void> {
  await persist(options.watch, undefined, () => removeContainer(options.records.engine, made.container.id));
  delete held.container;
}

/** The image of a container is given by name: which one that was is known only if the pull has not moved the name. */
function isWhatWasPrepared(guess: PreparedTask, prepared: Preparation): boolean {
  if (!prepared.ok || !prepared.isImageUnchanged) return false;
  const { imageId, sidecars } = prepared.task;
  return (
    guess.imageId === imageId &&
    guess.sidecars.length === sidecars.length &&
    guess.sidecars.every((sidecar, index) => sidecar.source === sidecars[index]?.source)
  );
}

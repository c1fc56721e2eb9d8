import type { Readable } from "node:stream";
import * as v from "valibot";
import { decodeOwner, encodeOwner, type Owner, ownerState } from "../../host/owner.ts";
import { type Clock, pause } from "../../support/clock.ts";
import { shorten } from "../../support/printable.ts";
import { shownImage } from "../../support/shown-image.ts";
import type { Engine } from "../engine/engine.ts";
import { describeError, hasStatus } from "../engine/engine-error.ts";
import { createContainer, inspectContainer, listContainers, removeContainer } from "../engine/engine-objects.ts";
import { enginePath } from "../engine/engine-path.ts";
import { WaitAnswer } from "../engine/engine-schemas.ts";
import { parseJson } from "../engine/json-lines.ts";
import { readAnswer } from "../engine/read-answer.ts";
import type { Images } from "../images/images.ts";
import { LABEL_PREFIX, LABELS } from "../records/labels.ts";
import { randomToken } from "../records/object-names.ts";

/** What was done, and how long it took. */
export interface TrialStep {
  readonly name: "pull" | "create" | "start" | "end" | "remove";
  readonly tookMs: number;
}

/** How a trial has ended; `problem` is `WHY; WHAT TO DO` or only the first, `at` the step that failed. */
export type TrialEnd =
  | { readonly ok: true; readonly steps: readonly TrialStep[]; readonly areLogsReadable: boolean }
  | {
      readonly ok: false;
      readonly steps: readonly TrialStep[];
      readonly at: TrialStep["name"];
      readonly problem: string;
    };

export interface TrialOptions {
  readonly engine: Engine;
  readonly images: Pick<Images, "pull">;
  readonly owner: Owner;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Every image that a task can run in has it; it does nothing. */
const PROGRAM = "true";
/** No kind of a worker's own: no worker looks for it, takes it over or clears it away. */
const KIND = "trial";
const LIMIT_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_SAID = 300;
/** Between two looks at a container that is being removed. */
const GONE_LOOK_MS = 50;

/** An expected failure of a step. */
class StepFailure extends Error {}

/**
 * Runs `true` in an image, the way that a task's container goes: pulled with the worker's logins, created, started, waited for
 * and removed. Nothing of it stays, whatever happens: once it has started the daemon itself removes it, and what a trial that
 * was killed before has left is removed by the next one. Never rejects.
 */
export async function runTrial(options: TrialOptions, image: string): Promise<TrialEnd> {
  const { engine, images, owner, clock, signal } = options;
  const steps: TrialStep[] = [];
  let at: TrialStep["name"] = "pull";
  const step = async <T>(name: TrialStep["name"], work: () => Promise<T>): Promise<T> => {
    at = name;
    const from = clock.now();
    const result = await work();
    steps.push({ name, tookMs: clock.now() - from });
    return result;
  };

  const name = `${LABEL_PREFIX}trial.${randomToken()}`;
  let mayExist = false;
  let areLogsReadable = true;
  let failure: string | undefined;
  try {
    await removeEarlierTrials(options);
    await step("pull", async () => {
      const pulled = await images.pull(image, "configured", signal);
      if (!pulled.ok) throw new StepFailure(pulled.detail + quoteOf(pulled.said));
    });
    mayExist = true;
    await step("create", () => createContainer(engine, name, trialBody(image, owner), LIMIT_MS));
    areLogsReadable = await canReadLogs(engine, name);
    const query = { condition: "next-exit" };
    const wait = {
      method: "POST",
      path: enginePath`/containers/${name}/wait`,
      query,
      signal,
      limitMs: LIMIT_MS,
    } as const;
    const end = await engine.open(wait);
    await step("start", () =>
      engine.run({ method: "POST", path: enginePath`/containers/${name}/start`, limitMs: LIMIT_MS }),
    );
    await step("end", async () => {
      const code = await readExitCode(end, clock, signal);
      if (code !== 0) throw new StepFailure(`\`${PROGRAM}\` ended with exit code ${code ?? "unknown"}`);
    });
  } catch (error) {
    failure = problemOf(error, at, image, signal);
  }
  const failedAt = at;
  try {
    if (mayExist) await step("remove", () => removeForGood(engine, clock, name));
  } catch (error) {
    failure ??= `${describeError(error)}; remove it by hand: docker rm -f ${name}`;
    return { ok: false, steps, at: "remove", problem: failure };
  }
  return failure === undefined
    ? { ok: true, steps, areLogsReadable }
    : { ok: false, steps, at: failedAt, problem: failure };
}

function trialBody(image: string, owner: Owner): object {
  return {
    Image: image,
    Entrypoint: [PROGRAM],
    Cmd: [],
    WorkingDir: "/workspace",
    Labels: { [LABELS.kind]: KIND, [LABELS.owner]: encodeOwner(owner) },
    HostConfig: { AutoRemove: true },
  };
}

/** The answer to a wait; `undefined` where it tells no code. Rejects where the time, or the caller's patience, is over. */
async function readExitCode(end: Readable, clock: Clock, signal: AbortSignal): Promise<number | undefined> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = clock.after(LIMIT_MS, () =>
    reject(new StepFailure(`\`${PROGRAM}\` has not ended within ${LIMIT_MS / 1_000} s`)),
  );
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const text = await Promise.race([readAnswer(end, MAX_ANSWER_BYTES, "the wait for its end"), over]);
    const answer = v.safeParse(WaitAnswer, parseJson(text));
    return answer.success ? answer.output.StatusCode : undefined;
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
    end.destroy();
  }
}

/** Removes the container, and sees it gone: the daemon may be at that itself. */
async function removeForGood(engine: Engine, clock: Clock, name: string): Promise<void> {
  const until = clock.now() + LIMIT_MS;
  await removeContainer(engine, name);
  while ((await inspectContainer(engine, name)) !== undefined) {
    if (clock.now() > until) throw new StepFailure(`the daemon has not removed it within ${LIMIT_MS / 1_000} s`);
    await pause(clock, GONE_LOOK_MS);
    await removeContainer(engine, name);
  }
}

/** Those whose process is gone; of others nobody can tell whether they are under way. */
async function removeEarlierTrials({ engine, owner }: TrialOptions): Promise<void> {
  for (const { Id, Labels } of await listContainers(engine, `${LABELS.kind}=${KIND}`)) {
    const other = decodeOwner(Labels[LABELS.owner]);
    if (other === undefined) continue;
    const inspectOwner = async (id: string) => {
      const details = await inspectContainer(engine, id);
      return details && { running: details.State.Running, startedAt: details.State.StartedAt };
    };
    if ((await ownerState(other, owner, inspectOwner)) === "gone") await removeContainer(engine, Id);
  }
}

/** With a log driver that keeps nothing to be read the engine refuses. */
async function canReadLogs(engine: Engine, name: string): Promise<boolean> {
  const query = { stdout: true, stderr: true, tail: 1 };
  try {
    await engine.run({ method: "GET", path: enginePath`/containers/${name}/logs`, query, limitMs: LIMIT_MS });
    return true;
  } catch (error) {
    if (hasStatus(error, 400, 500, 501)) return false;
    throw error;
  }
}

function problemOf(error: unknown, at: TrialStep["name"], image: string, signal: AbortSignal): string {
  if (signal.aborted) return "interrupted";
  const said = error instanceof StepFailure ? error.message : describeError(error);
  if (at === "start" && /executable file not found|no such file/i.test(said)) {
    return `${shownImage(image)} has no program \`${PROGRAM}\` in its PATH; a task's image needs a shell and the usual programs`;
  }
  return said;
}

function quoteOf(said: string | undefined): string {
  return said === undefined ? "" : ` (it says "${shorten(said.replace(/\s+/g, " ").trim(), MAX_SAID)}")`;
}

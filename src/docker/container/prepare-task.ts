import { type Clock, pause } from "../../support/clock.ts";
import { shownImage } from "../../support/shown-image.ts";
import type { ExecutionResult } from "../../task/execution-result.ts";
import type { SidecarSpec, TaskSpec } from "../../task/task-spec.ts";
import { EngineError } from "../engine/engine-error.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import { explainEngine } from "../engine/explain-engine.ts";
import type { Images } from "../images/images.ts";
import type { WantedPull } from "../images/pull-ahead.ts";
import type { Pulled } from "../images/pull-once.ts";
import { executionLabels } from "../records/labels.ts";
import { randomToken, sidecarNames } from "../records/object-names.ts";
import type { Records } from "../records/records.ts";
import type { PreparedSidecar, SidecarContent } from "../sidecars/sidecar-content.ts";
import { beginStep, type OnSetup } from "./time-step.ts";

export interface PrepareOptions {
  readonly images: Images;
  readonly sidecarContent: SidecarContent;
  readonly watch: EngineWatch;
  readonly clock: Clock;
  readonly records: Records;
}

const RETRY_DELAYS_MS = [500, 3_000];
const TASK_IMAGE_POLICY = "configured";
const SIDECAR_POLICY = "anonymous-first";

/** What a task container is made from. */
export interface PreparedTask {
  readonly imageId: string;
  readonly sidecars: readonly PreparedSidecar[];
}

/** What a task container needs before it can be created, or why it cannot be had. */
export type Preparation =
  | { readonly ok: true; readonly task: PreparedTask; readonly isImageUnchanged: boolean }
  | { readonly ok: false; readonly result: ExecutionResult };

/** The pulls that a task's preparation begins with. */
export function pullsOf(spec: TaskSpec): readonly WantedPull[] {
  const sidecars = spec.sidecars.map(({ image }) => ({ image, policy: SIDECAR_POLICY }) as const);
  return [{ image: spec.image, policy: TASK_IMAGE_POLICY }, ...sidecars];
}

/**
 * Pulls the image and prepares the sidecars, all side by side. The first failure ends the rest.
 * Rejects with the signal's reason.
 */
export async function prepareTask(
  options: PrepareOptions,
  spec: TaskSpec,
  attempt: string,
  signal: AbortSignal,
  onSetup?: OnSetup,
): Promise<Preparation> {
  const abort = new AbortController();
  const either = AbortSignal.any([signal, abort.signal]);
  let failure: FailedResult | undefined;

  async function first<T>(work: Promise<Step<T>>): Promise<T | undefined> {
    const step = await work.catch((error: unknown) => {
      if (either.aborted) return undefined;
      throw error;
    });
    if (step === undefined) return undefined;
    if (step.ok) return step.value;
    failure ??= step.result;
    abort.abort();
    return undefined;
  }

  const imageEnds = beginStep(options.clock, "image_pull", onSetup);
  const sidecarsEnd = beginStep(options.clock, "sidecar_prep", spec.sidecars.length > 0 ? onSetup : undefined);
  const image = first(pullTaskImage(options, spec, either, imageEnds));
  const seen = new Set<string>();
  const sidecars = spec.sidecars.map((sidecar, index) =>
    first(prepareSidecar(options, spec, sidecar, index, attempt, seen, either)),
  );
  const ready = Promise.all(sidecars).then((all) => all.every((sidecar) => sidecar !== undefined));
  ready.then(
    (areReady) => {
      // What the image's failure has broken off has neither succeeded nor failed.
      if (areReady || failure?.reason === "sidecar_prep") sidecarsEnd(!areReady);
    },
    () => sidecarsEnd(true),
  );
  const settled = await Promise.allSettled([image, ...sidecars]);
  if (signal.aborted) throw signal.reason;
  for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
  if (failure !== undefined) return { ok: false, result: failure };

  const pulled = await image;
  const prepared = (await Promise.all(sidecars)).filter((sidecar) => sidecar !== undefined);
  if (pulled === undefined || prepared.length < sidecars.length) throw new Error("a step ended without an answer");
  const { imageId, isUnchanged } = pulled;
  return { ok: true, task: { imageId, sidecars: prepared }, isImageUnchanged: isUnchanged };
}

type FailedResult = Extract<ExecutionResult, { readonly kind: "failed" }>;
type Step<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly result: FailedResult };

async function pullTaskImage(
  options: PrepareOptions,
  { image, isDefaultImage = false }: TaskSpec,
  signal: AbortSignal,
  ended: (isError: boolean) => void,
): Promise<Step<Pulled>> {
  const answer = await options.images.pull(image, TASK_IMAGE_POLICY, signal);
  if (answer.isLocal !== true) ended(!answer.ok);
  if (answer.ok) return { ok: true, value: answer };
  const { said } = answer;
  const wayOut = "; the assignment names no image, and this is the default: backend.docker.default_image names another";
  const detail = `${answer.detail}${isDefaultImage ? wayOut : ""}`;
  return {
    ok: false,
    result: { kind: "failed", reason: "image_pull", detail, ...(said === undefined ? {} : { said }) },
  };
}

async function prepareSidecar(
  options: PrepareOptions,
  spec: TaskSpec,
  sidecar: SidecarSpec,
  index: number,
  attempt: string,
  seen: Set<string>,
  signal: AbortSignal,
): Promise<Step<PreparedSidecar>> {
  const failed = (why: string, said?: string): Step<PreparedSidecar> => {
    const detail = `sidecar at ${sidecar.mountPath}: ${why}`;
    return { ok: false, result: { kind: "failed", reason: "sidecar_prep", detail, ...(said ? { said } : {}) } };
  };
  const pulled = await options.images.pull(sidecar.image, SIDECAR_POLICY, signal);
  if (!pulled.ok) return failed(pulled.detail, pulled.said);
  const use = {
    imageId: pulled.imageId,
    image: sidecar.image,
    mountPath: sidecar.mountPath,
    readWrite: sidecar.readWrite,
    // Another one for each try: the engine may still write to one that it was cut off from.
    privateVolume: () => sidecarNames.privateCopy(attempt, index, randomToken()),
    privateLabels: executionLabels("private", options.records, spec.execution, attempt),
  };
  try {
    const prepared = await patiently(options, signal, () => options.sidecarContent.prepare(use, signal));
    const { ifRepeated } = prepared;
    const isRepeated = seen.has(prepared.source);
    seen.add(prepared.source);
    if (!isRepeated || ifRepeated === undefined) return { ok: true, value: prepared };
    return { ok: true, value: await patiently(options, signal, () => ifRepeated(signal)) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const { why, said } = explainEngine(error);
    return failed(`could not copy the content of image ${shownImage(sidecar.image)}: ${why}`, said);
  }
}

/**
 * Does what may be done anew from its beginning. An engine that goes down tells of its own doings in many ways, as failures
 * of its own, before it does not answer any more.
 */
async function patiently<T>(
  { watch, clock }: Pick<PrepareOptions, "watch" | "clock">,
  signal: AbortSignal,
  action: () => Promise<T>,
): Promise<T> {
  for (const delayMs of RETRY_DELAYS_MS) {
    try {
      return await persist(watch, signal, action);
    } catch (error) {
      const isEnginesOwn = error instanceof EngineError && (error.status ?? 0) >= 500;
      if (!isEnginesOwn || /no space left/i.test(error.message)) throw error;
      await pause(clock, delayMs, signal);
      if (signal.aborted) throw signal.reason;
    }
  }
  return await persist(watch, signal, action);
}

import { shownImage } from "../../support/shown-image.ts";
import type { ExecutionResult } from "../../task/execution-result.ts";
import type { TaskSpec } from "../../task/task-spec.ts";
import type { CreateWarnings } from "../engine/create-warnings.ts";
import { EngineError, hasStatus } from "../engine/engine-error.ts";
import { createContainer, inspectContainer } from "../engine/engine-objects.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import { explainEngine } from "../engine/explain-engine.ts";
import type { TaskContainer } from "../records/held-execution.ts";
import { executionLabels, LABELS } from "../records/labels.ts";
import { makeRoom } from "../records/make-room.ts";
import { spareTaskContainerName, taskContainerName } from "../records/object-names.ts";
import type { Records } from "../records/records.ts";
import type { SidecarMount } from "../sidecars/sidecar-content.ts";
import { taskContainerBody } from "./task-container.ts";

export type Creation =
  | { readonly ok: true; readonly container: TaskContainer }
  | { readonly ok: false; readonly result: ExecutionResult };

export interface CreationOptions {
  readonly records: Records;
  readonly watch: EngineWatch;
  readonly onWarnings: CreateWarnings;
}

/**
 * Creates a task's container, under the name that its execution has. A create whose answer was lost is found again by that
 * name and its own seal; what an earlier attempt has left there makes room, and where a stranger's container stands the
 * name is another one. Not abortable: what a broken off create would leave could not be known.
 */
export async function createTaskContainer(
  { records, watch, onWarnings }: CreationOptions,
  spec: TaskSpec,
  attempt: string,
  sidecars: readonly SidecarMount[],
): Promise<Creation> {
  const { engine, seals, workerId } = records;
  const name = taskContainerName(workerId, spec.execution);
  const labelsNow = (): Record<string, string> => ({
    ...seals.seal(name, executionLabels("task", records, spec.execution, attempt)),
    [LABELS.title]: spec.title ?? "",
  });
  const warn = (warnings: readonly string[]) => onWarnings(warnings, spec.execution.taskId);
  /** Of the calls that were made here: no others can have them. */
  const made = new Set<string | undefined>();

  /** `undefined` where the name is another container's. */
  async function createAs(name: string): Promise<TaskContainer | undefined> {
    const labels = labelsNow();
    made.add(labels[LABELS.seal]);
    try {
      const body = taskContainerBody({ spec, labels, sidecars });
      return { id: await createContainer(engine, name, body, undefined, warn), name };
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
      const there = await inspectContainer(engine, name);
      return there !== undefined && made.has(there.Config.Labels[LABELS.seal]) ? { id: there.Id, name } : undefined;
    }
  }

  const create = async (): Promise<TaskContainer> => {
    const first = await createAs(name);
    if (first !== undefined) return first;
    const place = await makeRoom(records, spec.execution);
    const spare = spareTaskContainerName(seals, name, attempt);
    const second = place === "occupied" ? undefined : await createAs(place === "free" ? name : spare);
    if (second !== undefined) return second;
    throw new EngineError("status", `the name ${name} is in use by another container`, 409);
  };
  try {
    return { ok: true, container: await persist(watch, undefined, create) };
  } catch (error) {
    const { why, ...said } = explainEngine(error);
    const detail = `could not create the container from image ${shownImage(spec.image)}: ${why}`;
    return { ok: false, result: { kind: "failed", reason: "container_create", detail, ...said } };
  }
}

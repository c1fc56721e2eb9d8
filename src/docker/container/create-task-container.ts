import { shownImage } from "../../support/shown-image.ts";
import type { ExecutionResult } from "../../task/execution-result.ts";
import type { Engine } from "../engine/engine.ts";
import { describeError, hasStatus } from "../engine/engine-error.ts";
import { createContainer, inspectContainer } from "../engine/engine-objects.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import type { TaskContainer } from "../records/held-execution.ts";
import { LABELS } from "../records/labels.ts";
import { makeRoom } from "../records/make-room.ts";
import { taskContainerName } from "../records/object-names.ts";
import { type TaskContainerRequest, taskContainerBody } from "./task-container.ts";

export type Creation =
  | { readonly ok: true; readonly container: TaskContainer }
  | { readonly ok: false; readonly result: ExecutionResult };

/**
 * Creates a task's container, under the one name that its execution has. A create whose answer was lost is found again by
 * that name; what an earlier attempt has left there makes room. Not abortable: what a broken off create would leave could
 * not be known.
 */
export async function createTaskContainer(
  engine: Engine,
  watch: EngineWatch,
  request: TaskContainerRequest,
  onWarnings: (warnings: readonly string[]) => void,
): Promise<Creation> {
  const name = taskContainerName(request.workerId, request.spec.execution);
  const body = taskContainerBody(request);
  const createNow = () => createContainer(engine, name, body, undefined, onWarnings);
  const create = async (): Promise<string> => {
    try {
      return await createNow();
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
      const existing = await inspectContainer(engine, name);
      if (existing?.Config.Labels[LABELS.attempt] === request.attempt) return existing.Id;
      if (!(await makeRoom({ ...request, engine }, request.spec.execution))) throw error;
      return await createNow();
    }
  };
  try {
    return { ok: true, container: { id: await persist(watch, undefined, create), name } };
  } catch (error) {
    const detail = `could not create the container from image ${shownImage(request.spec.image)}: ${describeError(error)}`;
    return { ok: false, result: { kind: "failed", reason: "container_create", detail } };
  }
}

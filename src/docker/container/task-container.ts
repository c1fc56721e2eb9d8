import type { TaskSpec } from "../../task/task-spec.ts";
import type { LabelMap } from "../records/labels.ts";
import type { SidecarMount } from "../sidecars/sidecar-content.ts";

/** What a task container is made from. */
export interface TaskContainerRequest {
  readonly spec: TaskSpec;
  readonly labels: LabelMap;
  readonly sidecars: readonly SidecarMount[];
}

/**
 * The body of `POST /containers/create` for a task (spec, section 5). Sidecars are mounts with fields of their own, so that
 * no character of a mount path means anything; the configured volumes keep Docker's bind syntax.
 */
export function taskContainerBody(request: TaskContainerRequest): object {
  const { spec } = request;
  const { nanoCpus, memoryBytes } = spec.limits;
  return {
    Image: spec.image,
    Cmd: spec.command,
    Env: spec.environment,
    WorkingDir: spec.workingDirectory,
    Labels: request.labels,
    HostConfig: {
      Mounts: request.sidecars,
      Binds: spec.volumes,
      ...(nanoCpus === undefined ? {} : { NanoCpus: nanoCpus }),
      // Equal figures leave no swap: Docker counts memory and swap together.
      ...(memoryBytes === undefined ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
    },
  };
}

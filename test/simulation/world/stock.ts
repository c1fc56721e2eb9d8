import { LABELS } from "../../../src/docker/records/labels.ts";
import { sidecarNames } from "../../../src/docker/records/object-names.ts";
import { createSeals } from "../../../src/docker/records/seals.ts";
import { encodeOwner, type Owner } from "../../../src/host/owner.ts";
import { assignment } from "../../support/assignment-builder.ts";
import type { EngineState } from "../engine/engine-state.ts";
import type { OzExecution } from "../oz/handed-out.ts";
import type { SimTask } from "../scenarios/scenario.ts";

export const WORKER_ID = "simulated";
export const API_KEY = "wk-simulated-key-0123456789";
/** What proves the objects of that key's workers. */
export const SEALS = createSeals(API_KEY);
export const TASK_IMAGE = "registry.sim/team/task:latest";
export const TASK_IMAGE_ID = `sha256:${"a1".repeat(32)}`;
export const AGENT_IMAGE = "registry.sim/team/agent:latest";
export const AGENT_IMAGE_ID = `sha256:${"b2".repeat(32)}`;
export const NEWER_AGENT_IMAGE_ID = `sha256:${"c3".repeat(32)}`;

/** What many runs need not carry: nothing here depends on it. */
const LIGHT = { env_vars: {}, telemetry_collection: null };

/** A task as Oz hands it out. */
export function toExecution(task: SimTask): OzExecution {
  const readWrite = [{ image: AGENT_IMAGE, mount_path: "/rw", read_write: true }];
  const whole = assignment({
    agent_config_snapshot: {},
    task_id: task.taskId,
    execution_id: task.executionId,
    docker_image: task.image,
    sidecar_image: AGENT_IMAGE,
    additional_sidecars: task.hasReadWrite ? readWrite : [],
  });
  const data = { ...whole, ...LIGHT };
  const { taskId, executionId, isRedelivered } = task;
  return { taskId, executionId, data, isRedelivered, state: "to-come", link: 0, isCancelled: false };
}

/** A sidecar's content as a worker that is long gone has left it. */
export function publishSidecar(state: EngineState, imageId: string, owner: Owner): void {
  const volume = sidecarNames.volume("0000000000000000");
  const labels = {
    [LABELS.kind]: "sidecar",
    [LABELS.owner]: encodeOwner(owner),
    [LABELS.imageId]: imageId,
    [LABELS.imageReference]: AGENT_IMAGE,
    [LABELS.createdAt]: String(state.clock.epoch()),
  };
  state.addVolume(volume, SEALS.seal(volume, labels)).content = { imageId, isWhole: true, mark: "file" };
  const id = state.newId();
  const name = sidecarNames.published(SEALS, imageId);
  state.names.set(name, id);
  state.containers.set(id, {
    id,
    name,
    imageId,
    imageName: imageId,
    labels: SEALS.seal(name, { ...labels, [LABELS.volume]: volume }),
    env: [],
    command: [],
    memory: 0,
    mounts: [{ type: "volume", source: volume, target: "/fill", readOnly: false, noCopy: true }],
    createdAt: state.clock.epoch(),
    life: state.life,
    status: "created",
    exitCode: 0,
    oomKilled: false,
    startedAt: undefined,
    finishedAt: undefined,
    runs: [],
  });
}

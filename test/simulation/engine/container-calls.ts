import { isRecord } from "../../support/json-record.ts";
import type { ContainerLife } from "./container-life.ts";
import type { EngineState } from "./engine-state.ts";
import {
  bodyField,
  filtersOf,
  hasLabels,
  json,
  nothing,
  refusal,
  type SimCall,
  type SimRoute,
  textList,
  textRecord,
} from "./sim-calls.ts";
import type { SimContainer, SimMount } from "./sim-objects.ts";

/** Between the moment at which a name is taken and the one at which its container can be seen. */
const CREATE_MS = [10, 120] as const;
const START_MS = [10, 150] as const;
const REMOVE_MS = [5, 60] as const;
const DEFAULT_GRACE_S = 10;
const NEVER = "0001-01-01T00:00:00Z";

/** The calls about containers (Docker Engine API, "Container"). */
export function containerRoutes(state: EngineState, life: ContainerLife, copiesInto: CopiesInto): readonly SimRoute[] {
  const { random, observer } = state;

  function known(call: SimCall, idOrName = ""): SimContainer | undefined {
    const container = state.container(idOrName);
    if (container === undefined) call.answer(refusal(404, `No such container: ${idOrName}`));
    return container;
  }

  function create(call: SimCall): void {
    const { request, pid } = call;
    const name = String(request.query?.name ?? "");
    const wanted = String(bodyField(request, "Image") ?? "");
    const image = state.image(wanted);
    const holder = state.names.get(name);
    if (image === undefined) {
      call.answer(refusal(404, `No such image: ${wanted}`));
      return;
    }
    if (holder !== undefined) {
      const message = `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`;
      call.answer(refusal(409, message));
      return;
    }
    const container: SimContainer = {
      id: state.newId(),
      name,
      imageId: image.id,
      imageName: wanted,
      labels: { ...image.labels, ...textRecord(bodyField(request, "Labels")) },
      env: textList(bodyField(request, "Env")),
      command: textList(bodyField(request, "Cmd")),
      mounts: mountsOf(bodyField(request, "HostConfig", "Mounts")),
      memory: Number(bodyField(request, "HostConfig", "Memory") ?? 0),
      createdAt: state.clock.epoch(),
      life: state.life,
      status: "created",
      exitCode: 0,
      oomKilled: false,
      startedAt: undefined,
      finishedAt: undefined,
      runs: [],
    };
    state.names.set(name, container.id);
    const { life: madeIn } = state;
    const register = () => {
      if (state.life !== madeIn) return;
      for (const mount of container.mounts) {
        if (mount.type === "volume" && !state.volumes.has(mount.source)) state.addVolume(mount.source, {});
      }
      state.containers.set(container.id, container);
      observer.created?.(container, pid);
      call.answer(json({ Id: container.id, Warnings: [] }, 201));
    };
    state.later(random.between(...CREATE_MS), () => copiesInto(container, register));
  }

  function list(call: SimCall): void {
    const { label, name } = filtersOf(call.request);
    const isNamed = (container: SimContainer) =>
      name === undefined ||
      name.some((one) => new RegExp(one).test(`/${container.name}`) || new RegExp(one).test(container.name));
    const found = [...state.containers.values()].filter((one) => hasLabels(one.labels, label) && isNamed(one));
    call.answer(json(found.reverse().map(summary)));
  }

  function start(call: SimCall, id = ""): void {
    const container = known(call, id);
    if (container === undefined) return;
    state.later(random.between(...START_MS), () => {
      if (!state.containers.has(container.id)) {
        call.answer(refusal(404, `No such container: ${id}`));
        return;
      }
      if (container.status === "running") {
        call.answer(nothing(304));
        return;
      }
      life.start(container, call.pid);
      call.answer(nothing());
    });
  }

  function stop(call: SimCall, id = ""): void {
    const container = known(call, id);
    if (container === undefined) return;
    if (container.status !== "running") {
      call.answer(nothing(304));
      return;
    }
    observer.touching?.(container, "stop", call.pid);
    const graceMs = Number(call.request.query?.t ?? DEFAULT_GRACE_S) * 1_000;
    life.stop(container, graceMs, "stop", (kill) => state.later(graceMs, kill));
    life.onEnd(container, () => call.answer(nothing()));
  }

  function kill(call: SimCall, id = ""): void {
    const container = known(call, id);
    if (container === undefined) return;
    if (container.status !== "running") {
      call.answer(refusal(409, `Cannot kill container: ${id}: Container ${container.id} is not running`));
      return;
    }
    if (call.request.query?.signal === "SIGTERM") {
      observer.touching?.(container, "stop", call.pid);
      life.stop(container, Number.POSITIVE_INFINITY, "stop", () => {});
    } else {
      observer.touching?.(container, "kill", call.pid);
      life.kill(container, "kill");
    }
    call.answer(nothing());
  }

  function unpause(call: SimCall, id = ""): void {
    const container = known(call, id);
    if (container === undefined) return;
    const why = container.status === "running" ? "not paused" : "not running";
    call.answer(refusal(container.status === "running" ? 500 : 409, `Container ${container.id} is ${why}`));
  }

  function rename(call: SimCall, id = ""): void {
    const container = known(call, id);
    const name = String(call.request.query?.name ?? "");
    if (container === undefined) return;
    const holder = state.names.get(name);
    if (holder === container.id) {
      call.answer(refusal(400, "Renaming a container with the same name as its current name"));
      return;
    }
    if (holder !== undefined) {
      call.answer(refusal(409, `Conflict. The container name "/${name}" is already in use by container "${holder}".`));
      return;
    }
    observer.touching?.(container, "rename", call.pid);
    state.names.delete(container.name);
    state.names.set(name, container.id);
    container.name = name;
    call.answer(nothing());
  }

  function remove(call: SimCall, id = ""): void {
    const container = known(call, id);
    if (container === undefined) return;
    if (container.status === "removing") {
      call.answer(refusal(409, `removal of container ${container.id} is already in progress`));
      return;
    }
    if (container.status === "running" && String(call.request.query?.force) !== "true") {
      call.answer(refusal(409, `You cannot remove a running container ${container.id}`));
      return;
    }
    observer.touching?.(container, "remove", call.pid);
    if (container.status === "running") life.kill(container, "removed");
    container.status = "removing";
    state.clock.after(random.between(...REMOVE_MS), () => {
      state.containers.delete(container.id);
      state.names.delete(container.name);
      call.answer(nothing());
    });
  }

  return [
    ["POST", /^\/containers\/create$/, create],
    ["GET", /^\/containers\/json$/, list],
    [
      "GET",
      /^\/containers\/([^/]+)\/json$/,
      (call, id) => {
        const container = known(call, id);
        if (container !== undefined) call.answer(json(details(container)));
      },
    ],
    ["POST", /^\/containers\/([^/]+)\/start$/, start],
    ["POST", /^\/containers\/([^/]+)\/stop$/, stop],
    ["POST", /^\/containers\/([^/]+)\/kill$/, kill],
    ["POST", /^\/containers\/([^/]+)\/unpause$/, unpause],
    ["POST", /^\/containers\/([^/]+)\/rename$/, rename],
    ["DELETE", /^\/containers\/([^/]+)$/, remove],
  ];
}

/** Copies what an image has at the place of an empty volume, which takes its time, and then calls back. */
export type CopiesInto = (container: SimContainer, done: () => void) => void;

function summary(container: SimContainer) {
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    ImageID: container.imageId,
    State: container.status,
    Created: Math.floor(container.createdAt / 1_000),
    Labels: container.labels,
    Mounts: container.mounts.flatMap(({ type, source }) => (type === "volume" ? [{ Name: source }] : [])),
  };
}

function details(container: SimContainer) {
  return {
    Id: container.id,
    Name: `/${container.name}`,
    Created: new Date(container.createdAt).toISOString(),
    Image: container.imageId,
    State: {
      Status: container.status,
      Running: container.status === "running",
      Paused: false,
      OOMKilled: container.oomKilled,
      ExitCode: container.exitCode,
      Error: "",
      StartedAt: timeOf(container.startedAt),
      FinishedAt: timeOf(container.finishedAt),
    },
    HostConfig: { Memory: container.memory },
    Config: { Image: container.imageName, Labels: container.labels, Env: container.env, Cmd: container.command },
  };
}

function timeOf(epochMs: number | undefined): string {
  return epochMs === undefined ? NEVER : new Date(epochMs).toISOString();
}

function mountsOf(given: unknown): readonly SimMount[] {
  if (!Array.isArray(given)) return [];
  return given.filter(isRecord).map((mount) => ({
    type: String(mount.Type),
    source: String(mount.Source ?? ""),
    target: String(mount.Target),
    readOnly: mount.ReadOnly === true,
    noCopy: isRecord(mount.VolumeOptions) && mount.VolumeOptions.NoCopy === true,
  }));
}

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
  textRecord,
} from "./sim-calls.ts";
import type { SimVolume } from "./sim-objects.ts";

/** The calls about volumes (Docker Engine API, "Volume"). */
export function volumeRoutes(state: EngineState): readonly SimRoute[] {
  function create({ request, pid, answer }: SimCall): void {
    const name = String(bodyField(request, "Name") ?? "");
    const existing = state.volumes.get(name);
    if (existing !== undefined) {
      const hides = existing.hidesLabels;
      existing.hidesLabels = false;
      answer(json({ ...shown(existing), ...(hides ? { Labels: null } : {}) }, 201));
    } else if (state.isDiskFull) {
      answer(refusal(500, `mkdir /var/lib/docker/volumes/${name}: no space left on device`));
    } else {
      const volume = state.addVolume(name, textRecord(bodyField(request, "Labels")));
      state.observer.volumeCreated?.(volume, pid);
      answer(json(shown(volume), 201));
    }
  }

  function list({ request, answer }: SimCall): void {
    const { label, name } = filtersOf(request);
    const isNamed = (volume: SimVolume) => name === undefined || name.some((one) => new RegExp(one).test(volume.name));
    const found = [...state.volumes.values()].filter((one) => hasLabels(one.labels, label) && isNamed(one));
    answer(json({ Volumes: found.map(shown), Warnings: null }));
  }

  function remove({ pid, answer }: SimCall, name = ""): void {
    const volume = state.volumes.get(name);
    if (volume === undefined) {
      answer(refusal(404, `get ${name}: no such volume`));
      return;
    }
    const users = state.usersOf(name);
    if (users.length > 0) {
      answer(refusal(409, `remove ${name}: volume is in use - [${users.map(({ id }) => id).join(", ")}]`));
      return;
    }
    state.observer.volumeRemoving?.(volume, pid);
    state.volumes.delete(name);
    answer(nothing());
  }

  return [
    ["POST", /^\/volumes\/create$/, create],
    ["GET", /^\/volumes$/, list],
    [
      "GET",
      /^\/volumes\/([^/]+)$/,
      ({ answer }, name = "") => {
        const volume = state.volumes.get(name);
        answer(volume === undefined ? refusal(404, `get ${name}: no such volume`) : json(shown(volume)));
      },
    ],
    ["DELETE", /^\/volumes\/([^/]+)$/, remove],
  ];
}

function shown({ name, labels, createdAt }: SimVolume) {
  // Whole seconds, as the engine has them.
  return { Name: name, Labels: labels, CreatedAt: `${new Date(createdAt).toISOString().slice(0, 19)}Z` };
}

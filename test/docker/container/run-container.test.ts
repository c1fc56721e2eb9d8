import { expect, test } from "bun:test";
import { createExitEvents } from "../../../src/docker/container/exit-events.ts";
import { followStarted, startAndFollow } from "../../../src/docker/container/run-container.ts";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { createEngineWatch } from "../../../src/docker/engine/engine-watch.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { StopRequest } from "../../../src/worker/task-runtime.ts";
import { type Change, changedEngine } from "../../support/changed-engine.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { RecordsScene } from "../records/records-scene.ts";

/** A real container, followed over an engine that a test changes. */
async function followed(scene: RecordsScene, code: number, change: Change) {
  const log = recordedLog();
  const { engine, requests } = changedEngine(scene.engine, change);
  const container = await scene.container("t", crypto.randomUUID(), scene.living, undefined, code);
  return {
    requests,
    container,
    ready: {
      container: { id: container.id, name: "c" },
      started: () => {},
      isIntact: () => true,
      isValid: Promise.resolve(true),
    },
    room: {
      engine,
      watch: createEngineWatch(engine, systemClock, log),
      exitEvents: createExitEvents(engine, scene.workerId, log),
    },
  };
}

const run = (signal: AbortSignal) => ({ signal, record: async () => {} });

/** The first request of a kind is refused, and no events come. */
function refuseOnce(pattern: RegExp): Change {
  let isRefused = false;
  return ({ method, path }) => {
    if (path === "/events") throw new EngineError("status", "no events", 500);
    if (isRefused || !pattern.test(`${method} ${path}`)) return undefined;
    isRefused = true;
    throw new EngineError("status", "a failure of the engine's own", 500);
  };
}

test("a wait that is refused is followed by a look at the container, and its code is the result", async () => {
  await using scene = new RecordsScene();
  const { room, ready, requests } = await followed(scene, 4, refuseOnce(/\/wait$/));
  const result = await startAndFollow(room, ready, run(new AbortController().signal));
  expect(result).toEqual({ kind: "exited", exitCode: 4, oomKilled: false });
  expect(requests).toContain("GET /containers/ID/json");
});

test("a run that was aborted ends as stopped, whatever the engine refuses then", async () => {
  await using scene = new RecordsScene();
  const refuse: Change = ({ method, path }) => {
    if (method === "GET" || path.endsWith("/wait")) throw new EngineError("status", "refused", 500);
    return undefined;
  };
  const { room, ready, container } = await followed(scene, 0, refuse);
  await container.start();
  const abort = AbortSignal.abort(new StopRequest("cancelled", 1_000));
  const { engine, watch } = room;
  expect(await followStarted(engine, watch, ready.container, run(abort))).toEqual({
    kind: "stopped",
    cause: "cancelled",
  });
});

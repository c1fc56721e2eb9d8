import { expect, test } from "bun:test";
import { createExitEvents } from "../../src/docker/container/exit-events.ts";
import { createDockerRuntime } from "../../src/docker/docker-runtime.ts";
import { createEngineLives } from "../../src/docker/engine/engine-lives.ts";
import { createEngineWatch } from "../../src/docker/engine/engine-watch.ts";
import { createLeaseLooks } from "../../src/docker/records/lease-looks.ts";
import { randomToken } from "../../src/docker/records/object-names.ts";
import { createVolumeContent } from "../../src/docker/sidecars/volume-content.ts";
import { systemClock } from "../../src/support/clock.ts";
import type { TaskSpec } from "../../src/task/task-spec.ts";
import type { ClaimedExecution, TaskRuntime } from "../../src/worker/task-runtime.ts";
import { recordedLog } from "../support/recorded-log.ts";
import { RecordsScene } from "./records/records-scene.ts";

const SPEC: TaskSpec = {
  execution: { taskId: "ahead", executionId: "1" },
  image: "image:1",
  command: ["true"],
  environment: [],
  workingDirectory: "/workspace",
  sidecars: [{ image: "side:1", mountPath: "/agent", readWrite: false }],
  volumes: [],
  limits: {},
  secrets: [],
};

/** A runtime on the real daemon, whose pulls take until their signal ends them. */
function runtimeOf(scene: RecordsScene) {
  const { engine, workerId, living } = scene;
  const log = recordedLog();
  const watch = createEngineWatch(engine, systemClock, log);
  const pulls: { readonly image: string; readonly signal: AbortSignal }[] = [];
  const runtime = createDockerRuntime({
    engine,
    seals: scene.seals,
    watch,
    lives: createEngineLives(engine),
    exitEvents: createExitEvents(engine, workerId, log),
    images: {
      expected: async () => undefined,
      pull(image, _, signal) {
        pulls.push({ image, signal });
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        });
      },
    },
    sidecarContent: createVolumeContent(scene.makerOf(living)),
    workerId,
    owner: { ...living, lease: randomToken() },
    leases: createLeaseLooks(systemClock),
    keeping: () => ({ cleanup: true, keepFailedMs: 0 }),
    plainEnvironment: () => [],
    clock: systemClock,
    log,
  });
  return { runtime, watch, pulls, ended: () => pulls.map(({ signal }) => signal.aborted) };
}

async function claim(runtime: TaskRuntime): Promise<ClaimedExecution> {
  const answer = await runtime.claim(SPEC.execution, { kind: "ready", spec: SPEC });
  if (answer.kind !== "claimed") throw new Error(`not claimed: ${answer.kind}`);
  return answer.claimed;
}

test("the pulls that are begun beside a claim end where another worker has the task", async () => {
  await using scene = new RecordsScene();
  const other = { ...scene.living, start: "1" };
  await scene.ledgerOf(other).claim(SPEC.execution, randomToken());
  const { runtime, watch, pulls, ended } = runtimeOf(scene);
  expect((await runtime.claim(SPEC.execution, { kind: "ready", spec: SPEC })).kind).not.toBe("claimed");
  expect(pulls.map(({ image }) => image).sort()).toEqual(["image:1", "side:1"]);
  expect(ended()).toEqual([true, true]);
  watch.stop();
});

test("the pulls that are begun beside a claim go on with the task, and end with its cancellation", async () => {
  await using scene = new RecordsScene();
  const { runtime, watch, pulls, ended } = runtimeOf(scene);
  const claimed = await claim(runtime);
  expect(ended()).toEqual([false, false]);
  const abort = new AbortController();
  const running = claimed.outcome({ signal: abort.signal });
  await Bun.sleep(50);
  // Asked for once, and not once more by the run.
  expect(pulls).toHaveLength(2);
  abort.abort();
  expect((await running).kind).toBe("stopped");
  expect(ended()).toEqual([true, true]);
  await claimed.release();
  expect(await scene.volumes()).toEqual([]);
  watch.stop();
});

test("a task that was cancelled before it could run leaves no pull under way", async () => {
  await using scene = new RecordsScene();
  const { runtime, watch, ended } = runtimeOf(scene);
  const claimed = await claim(runtime);
  expect((await claimed.outcome({ signal: AbortSignal.abort() })).kind).toBe("stopped");
  expect(ended()).toEqual([true, true]);
  await claimed.release();
  watch.stop();
});

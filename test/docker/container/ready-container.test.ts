import { expect, test } from "bun:test";
import { createExitEvents } from "../../../src/docker/container/exit-events.ts";
import { type ReadyOptions, readyContainer } from "../../../src/docker/container/ready-container.ts";
import { startAndFollow } from "../../../src/docker/container/run-container.ts";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { inspectContainer, removeContainer } from "../../../src/docker/engine/engine-objects.ts";
import { createEngineWatch } from "../../../src/docker/engine/engine-watch.ts";
import type { HeldExecution } from "../../../src/docker/records/held-execution.ts";
import { LABELS } from "../../../src/docker/records/labels.ts";
import { createLedger } from "../../../src/docker/records/ledger.ts";
import { randomToken } from "../../../src/docker/records/object-names.ts";
import type { PreparedSidecar } from "../../../src/docker/sidecars/sidecar-content.ts";
import { systemClock } from "../../../src/support/clock.ts";
import type { TaskSpec } from "../../../src/task/task-spec.ts";
import type { SetupStep } from "../../../src/worker/task-runtime.ts";
import { changedEngine } from "../../support/changed-engine.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { until } from "../../support/until.ts";
import { RecordsScene } from "../records/records-scene.ts";

/** A task whose one sidecar does not outlive the daemon, which ends when a test says so; its pull takes as long, too. */
async function fragile(scene: RecordsScene) {
  const { living } = scene;
  const records = scene.recordsOf(living);
  const image = await scene.image();
  const life = { lasts: true };
  const pulled = Promise.withResolvers<void>();
  const sidecar: PreparedSidecar = {
    mount: { Type: "tmpfs", Target: "/side" },
    source: "image sha256:1",
    outlivesEngine: false,
    stillValid: async () => true,
  };
  const log = recordedLog();
  const options: ReadyOptions = {
    records,
    ledger: createLedger(records),
    watch: createEngineWatch(scene.engine, systemClock, log),
    lives: {
      async present() {
        const lasts = life.lasts;
        return { lasts: () => !lasts || life.lasts };
      },
      close() {},
    },
    images: {
      expected: async () => image.id,
      async pull() {
        await pulled.promise;
        return { ok: true, imageId: image.id, isUnchanged: true };
      },
    },
    sidecarContent: { existing: async () => sidecar, prepare: async () => sidecar },
    onWarnings() {},
    clock: systemClock,
    log,
  };
  const spec: TaskSpec = {
    execution: { taskId: "fragile", executionId: "1" },
    image: image.reference,
    command: ["sh", "-c", "exit 0"],
    environment: [],
    workingDirectory: "/workspace",
    sidecars: [{ image: "side", mountPath: "/side", readWrite: false }],
    volumes: [],
    limits: {},
    secrets: [],
  };
  const attempt = randomToken();
  await options.ledger.claim(spec.execution, attempt);
  const held: HeldExecution = { execution: spec.execution, attempt, phase: "open" };
  return { options, spec, held, life, pulled };
}

test("a container that was made in advance is made again where the daemon was restarted and its mounts do not bear that", async () => {
  await using scene = new RecordsScene();
  const { options, spec, held, life, pulled } = await fragile(scene);
  const readiness = readyContainer(options, spec, held, { signal: new AbortController().signal });
  await until("the first container", () => held.container !== undefined);
  const first = held.container?.id ?? "";
  life.lasts = false;
  pulled.resolve();
  const ready = await readiness;
  if (!ready.ok) throw new Error(JSON.stringify(ready.result));
  expect(ready.ready.container.id).not.toBe(first);
  expect(held.container?.id).toBe(ready.ready.container.id);
  expect(await inspectContainer(scene.engine, first)).toBeUndefined();
});

test("a container whose mounts are gone is not started", async () => {
  await using scene = new RecordsScene();
  const { options, spec, held, life, pulled } = await fragile(scene);
  pulled.resolve();
  const { signal } = new AbortController();
  const ready = await readyContainer(options, spec, held, { signal });
  if (!ready.ok) throw new Error(JSON.stringify(ready.result));
  life.lasts = false;
  const run = { signal, record: async () => {} };
  const exitEvents = createExitEvents(scene.engine, scene.workerId, options.log);
  const result = await startAndFollow({ ...options, engine: scene.engine, exitEvents }, ready.ready, run);
  const { id, name } = ready.ready.container;
  expect(result).toEqual({
    kind: "failed",
    reason: "container_start",
    detail: `could not start container ${name}: the Docker daemon was restarted just before`,
  });
  expect((await inspectContainer(scene.engine, id))?.State.Status).toBe("created");
  exitEvents.close();
  await removeContainer(scene.engine, id);
});

test("a copy that the engine breaks off with a failure of its own is made anew, except on a full disk", async () => {
  await using scene = new RecordsScene();
  const { options, spec, held, pulled } = await fragile(scene);
  pulled.resolve();
  const broken = (message: string, times: number) => {
    const { existing, prepare } = options.sidecarContent;
    let calls = 0;
    return {
      calls: () => calls,
      async prepare(...use: Parameters<typeof prepare>) {
        calls += 1;
        if (calls <= times) throw new EngineError("status", message, 500);
        return await prepare(...use);
      },
      existing,
    };
  };
  const run = { signal: new AbortController().signal };
  const full = broken("write /x: no space left on device", 1);
  expect(await readyContainer({ ...options, sidecarContent: full }, spec, held, run)).toMatchObject({
    ok: false,
    result: { reason: "sidecar_prep" },
  });
  expect(full.calls()).toBe(1);
  const once = broken("Error processing tar file: lchown /x: no such file or directory", 1);
  const ready = await readyContainer({ ...options, sidecarContent: once }, spec, held, run);
  if (!ready.ok) throw new Error(JSON.stringify(ready.result));
  expect(once.calls()).toBe(2);
});

test("what the engine has made otherwise than it was told is passed on, with the task", async () => {
  await using scene = new RecordsScene();
  const { options, spec, held, pulled } = await fragile(scene);
  pulled.resolve();
  // Without a limit of memory the engine warns of this.
  const { engine } = changedEngine(scene.engine, (request) =>
    request.path === "/containers/create"
      ? { ...request, body: { ...request.body, HostConfig: { OomKillDisable: true } } }
      : undefined,
  );
  const records = scene.recordsOf(scene.living, scene.seals, engine);
  const told: [readonly string[], string][] = [];
  const onWarnings: ReadyOptions["onWarnings"] = (...warnings) => told.push(warnings);
  const run = { signal: new AbortController().signal };
  const ready = await readyContainer({ ...options, records, onWarnings }, spec, held, run);
  if (!ready.ok) throw new Error(JSON.stringify(ready.result));
  expect(told).toEqual([[expect.arrayContaining([expect.stringContaining("OOM killer")]), "fragile"]]);
});

test("mounts that another daemon does not take are prepared again, and what it refuses as well is the end", async () => {
  await using scene = new RecordsScene();
  const { options, spec, held, life, pulled } = await fragile(scene);
  pulled.resolve();
  let refusals = 2;
  let creates = 0;
  const { engine } = changedEngine(scene.engine, (request) => {
    if (request.path !== "/containers/create") return undefined;
    creates += 1;
    if (creates > refusals) return undefined;
    life.lasts = creates > 1;
    throw new EngineError("status", "invalid mount type: image", 400);
  });
  const records = scene.recordsOf(scene.living, scene.seals, engine);
  const images = { ...options.images, expected: async () => undefined };
  const run = { signal: new AbortController().signal };
  const lost = await readyContainer({ ...options, records, images }, spec, held, run);
  expect(lost).toMatchObject({ ok: false, result: { reason: "container_create" } });
  expect(creates).toBe(2);
  refusals = 1;
  creates = 0;
  life.lasts = true;
  const ready = await readyContainer({ ...options, records, images }, spec, held, run);
  if (!ready.ok) throw new Error(JSON.stringify(ready.result));
  expect(creates).toBe(2);
});

test("what an earlier attempt has left under the container's name makes room, even at the last moment", async () => {
  await using scene = new RecordsScene();
  const { options, spec, held, pulled } = await fragile(scene);
  pulled.resolve();
  const left = await scene.container(spec.execution.taskId, randomToken(), scene.dead);
  const ready = await readyContainer(options, spec, held, { signal: new AbortController().signal });
  if (!ready.ok) throw new Error(JSON.stringify(ready.result));
  expect(await inspectContainer(scene.engine, left.id)).toBeUndefined();
  const made = await inspectContainer(scene.engine, ready.ready.container.id);
  expect(made?.Config.Labels[LABELS.attempt]).toBe(held.attempt);
});

test("one that runs does not", async () => {
  await using scene = new RecordsScene();
  const { options, spec, held, pulled } = await fragile(scene);
  pulled.resolve();
  const theirs = await scene.container(spec.execution.taskId, randomToken(), scene.dead, undefined, 0, "sleep 100;");
  await theirs.start();
  const ready = await readyContainer(options, spec, held, { signal: new AbortController().signal });
  expect(ready).toMatchObject({ ok: false, result: { reason: "container_create" } });
  expect(await inspectContainer(scene.engine, theirs.id)).toBeDefined();
});

test("Oz is not told that sidecars failed where the image's failure has broken them off", async () => {
  await using scene = new RecordsScene();
  const { options, spec, held } = await fragile(scene);
  const images: ReadyOptions["images"] = {
    expected: async () => undefined,
    async pull(image, _policy, signal) {
      if (image === spec.image) return { ok: false, detail: "gone" };
      return await new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
  };
  const steps: (readonly [name: string, isError: boolean])[] = [];
  const run = {
    signal: new AbortController().signal,
    onSetup: ({ name, isError }: SetupStep) => steps.push([name, isError]),
  };
  expect(await readyContainer({ ...options, images }, spec, held, run)).toMatchObject({
    result: { reason: "image_pull" },
  });
  expect(steps).toEqual([["image_pull", true]]);

  // Their own failure is told.
  steps.length = 0;
  const withoutSidecar: ReadyOptions["images"] = {
    ...images,
    pull: async (image) =>
      image === spec.image ? { ok: true, imageId: "i", isUnchanged: true } : { ok: false, detail: "gone" },
  };
  expect(await readyContainer({ ...options, images: withoutSidecar }, spec, held, run)).toMatchObject({
    result: { reason: "sidecar_prep" },
  });
  expect(steps).toContainEqual(["sidecar_prep", true]);
});

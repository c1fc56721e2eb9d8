import { expect, test } from "bun:test";
import type { Wire } from "../../../src/control-plane/wire.ts";
import type { Engine, EngineRequest } from "../../../src/docker/engine/engine.ts";
import { enginePath } from "../../../src/docker/engine/engine-path.ts";
import type { Clock } from "../../../src/support/clock.ts";
import { ENDLESS, exits, STUBBORN, scenario, task } from "../scenarios/building-blocks.ts";
import type { Setting } from "../scenarios/scenario.ts";
import { type Sabotage, World } from "../world/world.ts";

/** Everything that the judge says of a world whose workers are sabotaged, in one text. */
function verdict(sabotage: Sabotage, setting: Setting = scenario("sabotaged")): string {
  const world = new World(setting, { seed: 1, points: [], isJournalKept: false, sabotage });
  world.run();
  return world.problems.join("\n");
}

/** Frames of a type go out as something else. */
function frames(type: string, send: (text: string, wire: Wire, clock: Clock) => void): Sabotage {
  return {
    wire: (wire, clock) => ({
      ...wire,
      send: (text) => (text.includes(`"${type}"`) ? send(text, wire, clock) : wire.send(text)),
    }),
  };
}

/** Calls of a kind are done as something else; `undefined` for one that is left as it is. */
function calls(
  change: (request: EngineRequest, engine: Engine) => Promise<EngineRequest | undefined> | undefined,
): Sabotage {
  return {
    engine: (engine) => ({
      call: async (request, schema) => engine.call((await change(request, engine)) ?? request, schema),
      run: async (request) => engine.run((await change(request, engine)) ?? request),
      open: async (request) => engine.open((await change(request, engine)) ?? request),
    }),
  };
}

const PING: EngineRequest = { method: "GET", path: enginePath`/_ping` };
const completed = "task_completed";

test("an undisturbed run has no problem", () => {
  expect(verdict({})).toBe("");
});

test("an end that never comes is found", () => {
  expect(verdict(frames(completed, () => {}))).toContain("lost: task");
});

test("a second, different end is found", () => {
  const twice = frames(completed, (text, wire) => {
    wire.send(text);
    wire.send(
      JSON.stringify({
        type: "task_failed",
        data: {
          task_id: "task",
          execution_id: "first",
          message: "Failed to execute task: x",
          failure_reason: "unknown",
        },
      }),
    );
  });
  expect(verdict(twice)).toContain("two ends of task first");
});

test("an end that is told again although its worker knew it to be read is found", () => {
  const again = frames(completed, (text, wire, clock) => {
    wire.send(text);
    clock.after(900, () => wire.send(text));
  });
  expect(verdict(again)).toContain("told again behind a confirmed one");
});

test("an end that is not the container's is found", () => {
  const wrong = frames("task_failed", (text, wire) => wire.send(text.replace(`"exit_code":3`, `"exit_code":4`)));
  expect(verdict(wrong, scenario("sabotaged", { tasks: [task({ work: exits(3) })] }))).toContain(
    "wrong end of task first",
  );
});

test("an end before any claim is found", () => {
  expect(verdict(frames("task_claimed", () => {}))).toContain("before any claim");
});

test("a claim of what was rejected is found", () => {
  const rejected = frames("task_claimed", (text, wire) => {
    wire.send(JSON.stringify({ type: "task_rejected", data: { task_id: "task", reason: "worker is shutting down" } }));
    wire.send(text);
  });
  expect(verdict(rejected)).toContain("claimed after it was rejected");
});

test("a message with a field too many is found", () => {
  const padded = frames("task_claimed", (text, wire) => wire.send(text.replace(`"worker_id"`, `"more":1,"worker_id"`)));
  expect(verdict(padded)).toContain("unexpected key more");
});

test("a container that is started twice is found", () => {
  const started = calls(async ({ method, path }, engine) => {
    if (method !== "DELETE" || !path.startsWith("/containers/")) return undefined;
    const [id = ""] = /[0-9a-f]{64}/.exec(path) ?? [];
    if (id !== "") await engine.run({ method: "POST", path: enginePath`/containers/${id}/start` });
    return undefined;
  });
  expect(verdict(started)).toContain("was started although its execution had run");
});

test("a hand on the container of a worker that lives is found", () => {
  const meddling: Sabotage = {
    engine: (engine, pid) => ({
      call: async (request, schema) => {
        const answer = await engine.call(request, schema);
        // One that another process has made, by its labels.
        const others = JSON.stringify(answer).match(/"Id":"[0-9a-f]{64}","Names":\["\/oz-task.*/g) ?? [];
        const isOthers = request.path === "/containers/json" && others.some((text) => !text.includes(`pid\\":${pid}`));
        const [id] = isOthers ? (others.join().match(/[0-9a-f]{64}/) ?? []) : [];
        if (id !== undefined) await engine.run({ method: "POST", path: enginePath`/containers/${id}/kill` });
        return answer;
      },
      run: (request) => engine.run(request),
      open: (request) => engine.open(request),
    }),
  };
  const long = scenario("sabotaged", { workers: 2, tasks: [task({ work: exits(0, 40_000) })] });
  expect(verdict(meddling, long)).toMatch(/did kill oz-task-\S+, which \d+ has/);
});

test("a sidecar that is not whole is found when a container is started with it", () => {
  const uncovered = calls(async ({ method, query }) => {
    return method === "PUT" && query?.path !== "/" ? PING : undefined;
  });
  expect(verdict(uncovered, scenario("sabotaged", { isWarm: false }))).toContain("that is not whole");
});

test("an object without labels is found", () => {
  const bare = calls(async (request) => {
    return request.path === "/volumes/create" ? { ...request, body: { ...request.body, Labels: {} } } : undefined;
  });
  expect(verdict(bare, scenario("sabotaged", { restMs: 60_000 }))).toContain("was created without a label");
});

test("what is left behind is found", () => {
  const forgetful = calls(async ({ method, path }) => {
    return method === "DELETE" && path.startsWith("/containers/") ? PING : undefined;
  });
  expect(verdict(forgetful)).toContain("left at rest: container oz-task-task");
});

test("a shutdown that takes too long is found", () => {
  const slow: Sabotage = { clock: (clock) => ({ ...clock, after: (ms, action) => clock.after(3 * ms, action) }) };
  const shutDown = scenario("sabotaged", {
    tasks: [task({ work: STUBBORN })],
    disturb: (world) => world.at(3_000, () => world.incidents.shutDown(world.workers[0]?.process)),
  });
  const held: Sabotage = { ...slow, ...calls(async ({ path }) => (path.endsWith("/stop") ? PING : undefined)) };
  expect(verdict(held, shutDown)).toContain("takes more than 15 s to end");
});

test("a worker that says that it has a defect is found", () => {
  const broken: Sabotage = {
    engine: (engine) => ({
      call: (request, schema) => engine.call(request, schema),
      run: (request) => (request.path.endsWith("/start") ? Promise.reject(new TypeError("no")) : engine.run(request)),
      open: (request) => engine.open(request),
    }),
  };
  expect(verdict(broken, scenario("sabotaged", { tasks: [task({ work: ENDLESS })] }))).toContain("a defect:");
});

import { expect, test } from "bun:test";
import { reachEngine } from "../../../src/docker/endpoint/reach-engine.ts";
import { createEngine } from "../../../src/docker/engine/engine.ts";
import { isEngineAway, isVersionRefused, mayBeDone } from "../../../src/docker/engine/engine-error.ts";
import { enginePath } from "../../../src/docker/engine/engine-path.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { ChangingEngine, type EngineFace } from "../../support/changing-engine.ts";
import { testEnvironment } from "../../support/environment.ts";
import { recordedLog } from "../../support/recorded-log.ts";

/** A daemon that was reached as `first`, and how to look at it again as another one. */
async function reached(first: EngineFace, env: Readonly<Record<string, string>> = {}) {
  const daemon = await ChangingEngine.start(testEnvironment().dockerHost, first);
  const log = recordedLog();
  const reach = await reachEngine({ env: { DOCKER_HOST: daemon.address, ...env }, log, clock: systemClock });
  if (reach.kind === "failed") throw new Error(reach.problem);
  const engine = createEngine(reach.docker.modem);
  const ask = () => engine.run({ method: "GET", path: enginePath`/containers/json` });
  return { daemon, log, reach, ask, [Symbol.dispose]: () => daemon[Symbol.dispose]() };
}

test("a daemon that is the same is found to be the same, and nothing is said", async () => {
  using scene = await reached({});
  expect(await scene.reach.renew()).toEqual({ kind: "usable", isOther: false });
  expect(scene.log.lines).toEqual([]);
});

test("another range of API versions: a call fails as if the daemon were away, and goes through once it was looked at", async () => {
  using scene = await reached({ api: ["1.24", "1.47"] });
  const { daemon, reach, ask, log } = scene;
  expect([reach.apiVersion, reach.speaks("1.48")]).toEqual(["1.47", false]);
  for (const [api, spoken] of [
    [["1.48", "1.70"], "1.51"],
    [["1.24", "1.43"], "1.43"],
  ] as const) {
    daemon.become({ api });
    const refused = await ask().catch((error: unknown) => error);
    expect([isVersionRefused(refused), isEngineAway(refused), mayBeDone(refused)]).toEqual([true, true, false]);
    expect(await reach.renew()).toEqual({ kind: "usable", isOther: true });
    await ask();
    expect(daemon.passed.at(-1)).toBe(`GET /v${spoken}/containers/json HTTP/1.1`);
  }
  expect(log.messages("info")).toHaveLength(2);
  expect(reach.speaks("1.48")).toBe(false);
});

test.each([
  [{ api: ["1.90", "1.95"] }, {}, "it speaks no API older than 1.90"],
  [{ api: ["1.24", "1.40"] }, {}, "it speaks API 1.40 and this worker needs 1.41"],
  [{ api: ["1.46", "1.47"] }, { DOCKER_API_VERSION: "1.45" }, "DOCKER_API_VERSION is 1.45 and the daemon speaks 1.46"],
  [{ architecture: "s390x" }, {}, "its platform is linux/s390x"],
  [{ architecture: process.arch === "arm64" ? "amd64" : "arm64" }, {}, "is another one by now: its platform is linux/"],
] as const)("%p cannot be used, and the line says why", async (face, env, why) => {
  using scene = await reached({ api: ["1.24", "1.45"] }, env);
  scene.daemon.become(face);
  expect(await scene.reach.renew()).toMatchObject({ kind: "unusable", problem: expect.stringContaining(why) });
});

test("a daemon that does not answer is away, not unusable", async () => {
  using scene = await reached({});
  scene.daemon.down();
  expect(await scene.reach.renew()).toEqual({ kind: "away" });
});

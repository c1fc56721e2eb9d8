import { expect, test } from "bun:test";
import { linkSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { endOnDeadSocket } from "../../../src/docker/engine/dead-socket.ts";
import { createEngine } from "../../../src/docker/engine/engine.ts";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { enginePath } from "../../../src/docker/engine/engine-path.ts";
import { createEngineWatch } from "../../../src/docker/engine/engine-watch.ts";
import { testEnvironment } from "../../support/environment.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { PrivateDockerd } from "../../support/private-dockerd.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { until } from "../../support/until.ts";

/** A worker's view of a daemon at that socket, with the time in a test's hands. */
function watching(socketPath: string) {
  const clock = new ManualClock();
  const engine = createEngine(new Docker({ socketPath }).modem);
  const watch = createEngineWatch(engine, clock, recordedLog());
  const problems: string[] = [];
  endOnDeadSocket({ watch, socketPath, clock, giveUp: (problem) => problems.push(problem) });
  /** Lets time pass, a ping at a time. */
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds && watch.away() !== undefined; second += 1) {
      await until("the next ping is due", () => clock.pending().length > 0 || watch.away() === undefined);
      clock.advance(1_000);
    }
    await until("the last ping's answer", () => clock.pending().length > 0 || watch.away() === undefined);
  };
  return { clock, engine, watch, problems, pass };
}

test("a socket that a restarted daemon has left for a new one is given up after two minutes; who sees the new one goes on", async () => {
  await using dockerd = await PrivateDockerd.start({ mark: testEnvironment().run });
  // As a mount of the file does it: this name stays with the socket that was there at first.
  const mounted = join(dockerd.folder, "mounted.sock");
  linkSync(dockerd.socketPath, mounted);
  const contained = watching(mounted);
  const onHost = watching(dockerd.socketPath);
  for (const { engine } of [contained, onHost]) await engine.run({ method: "GET", path: enginePath`/_ping` });
  await dockerd.down("SIGTERM");
  for (const { watch } of [contained, onHost]) {
    watch.note(new EngineError("unreachable", "POST /containers/x/wait: the connection broke"));
    await until("the daemon counts as away", () => watch.away() !== undefined);
  }
  await dockerd.up();
  await onHost.pass(60);
  expect(onHost.watch.away()).toBeUndefined();
  expect(onHost.problems).toEqual([]);

  await contained.pass(118);
  expect(contained.problems).toEqual([]);
  await contained.pass(5);
  expect(contained.problems[0]).toStartWith(`nothing has listened on ${mounted} for 2 minutes: `);
  for (const { watch } of [contained, onHost]) watch.stop();
}, 60_000);

test("two minutes in all do not count where the daemon was there in between, nor does silence of another kind", () => {
  const clock = new ManualClock();
  const problems: string[] = [];
  const pings: ((failure: EngineError | undefined) => void)[] = [];
  const watch = { onPing: (action: (typeof pings)[number]) => void pings.push(action) };
  endOnDeadSocket({ watch, socketPath: "/s", clock, giveUp: (problem) => problems.push(problem) });
  const REFUSED = new EngineError("unreachable", "GET /_ping: connect ECONNREFUSED /s");
  const passes = (failure: EngineError | undefined, seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      for (const ping of pings) ping(failure);
      clock.advance(1_000);
    }
  };
  for (const between of [undefined, new EngineError("timeout", "GET /_ping: no answer within 5 s")]) {
    passes(REFUSED, 100);
    passes(between, 1);
  }
  passes(new EngineError("timeout", "GET /_ping: no answer within 5 s"), 300);
  expect(problems).toEqual([]);
  passes(new EngineError("unreachable", "GET /_ping: connect ENOENT /s"), 122);
  expect(problems.length).toBeGreaterThan(0);
});

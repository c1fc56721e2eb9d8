import { afterEach, describe, expect, test } from "bun:test";
import { askWorker } from "../../src/health/ask-worker.ts";
import { checkHealth, judgeHealth } from "../../src/health/check-health.ts";
import { healthAddress, idMarkOf } from "../../src/health/health-socket-name.ts";
import { loadPeerOf } from "../../src/health/peer.ts";
import { processIdentity } from "../../src/health/process-identity.ts";
import { serveHealth } from "../../src/health/serve-health.ts";
import { systemClock } from "../../src/support/clock.ts";
import { recordedLog } from "../support/recorded-log.ts";

const ID = `health-test-${process.pid}`;
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

function serve(problems: () => Promise<readonly string[]>, workerId = ID) {
  const log = recordedLog();
  const server = serveHealth({ workerId, problems, log });
  undo.push(() => server.stop());
  return { server, log };
}

test("a worker without problems is healthy", async () => {
  serve(async () => []);
  expect(await checkHealth({ workerId: ID })).toEqual({
    healthy: true,
    line: `worker "${ID}" (pid ${process.pid}) is connected to Oz and its Docker daemon answers`,
  });
});

test("problems are told live, on one harmless line", async () => {
  let problems = ["not connected to Oz for 3 s", "two\nlines\u001b[31m"];
  serve(async () => problems);
  expect(await checkHealth({ workerId: ID })).toEqual({
    healthy: false,
    line: `worker "${ID}" (pid ${process.pid}): not connected to Oz for 3 s, two\\nlines\\u001b[31m`,
  });
  problems = [];
  expect((await checkHealth({ workerId: ID })).healthy).toBe(true);
});

test("questions at once share one look; none waits for another round", async () => {
  let looks = 0;
  const gate = Promise.withResolvers<void>();
  serve(async () => {
    looks += 1;
    await gate.promise;
    return [];
  });
  const verdicts = Promise.all(Array.from({ length: 8 }, () => checkHealth({ workerId: ID })));
  setTimeout(gate.resolve, 100);
  expect((await verdicts).map(({ healthy }) => healthy)).toEqual(Array.from({ length: 8 }, () => true));
  expect(looks).toBe(1);
});

test("a flood is turned away, and the next question after it is answered", async () => {
  const gate = Promise.withResolvers<void>();
  serve(async () => {
    await gate.promise;
    return [];
  });
  const verdicts = Promise.all(Array.from({ length: 40 }, () => checkHealth({ workerId: ID })));
  setTimeout(gate.resolve, 200);
  const healthy = (await verdicts).filter((verdict) => verdict.healthy).length;
  expect(healthy).toBeGreaterThan(0);
  expect(healthy).toBeLessThanOrEqual(16);
  await Bun.sleep(50);
  expect((await checkHealth({ workerId: ID })).healthy).toBe(true);
});

test("a worker that does not answer is not healthy", async () => {
  serve(() => new Promise(() => {}));
  const { healthy, line } = await checkHealth({ workerId: ID, limitMs: 100 });
  expect(healthy).toBe(false);
  expect(line).toBe(`worker "${ID}" (pid ${process.pid}) does not answer within 0.1 s; it hangs, restart it`);
});

test("two workers: both must be well, and the ill one is named", async () => {
  serve(async () => []);
  serve(async () => ["not connected to Oz for 3 s"], `${ID}-2`);
  const listed = await checkHealth();
  expect(listed.healthy).toBe(false);
  expect(listed.line).toContain(`worker "${ID}-2" (pid ${process.pid}): not connected`);
  expect((await checkHealth({ workerId: ID })).healthy).toBe(true);
});

test("a worker that has stopped is none", async () => {
  const { server } = serve(async () => []);
  server.stop();
  expect(await checkHealth({ workerId: ID })).toEqual({
    healthy: false,
    line: `no worker with the id "${ID}" runs here`,
  });
});

test("a listener under the name of another process is no worker", async () => {
  const { pidNamespace } = processIdentity();
  const impostor = Bun.listen({
    unix: healthAddress({ pid: process.ppid, pidNamespace, idMark: idMarkOf(ID) }),
    socket: { open: (socket) => void socket.write(`{"worker_id":"${ID}","problems":[]}\n`), data() {} },
  });
  undo.push(() => impostor.stop(true));
  expect((await checkHealth({ workerId: ID })).line).toBe(`no worker with the id "${ID}" runs here`);
});

test("answers of another version are said to be such", async () => {
  const { pid, pidNamespace } = processIdentity();
  const other = Bun.listen({
    unix: healthAddress({ pid, pidNamespace, idMark: idMarkOf(ID) }),
    socket: { open: (socket) => void socket.write(`{"state":"fine"}\n`), data() {} },
  });
  undo.push(() => other.stop(true));
  expect((await checkHealth({ workerId: ID })).line).toContain("it may be of another version");
});

test("a user's question believes no other user's worker", async () => {
  serve(async () => []);
  const { pid, pidNamespace } = processIdentity();
  const peerOf = () => ({ pid, uid: 1001 });
  const socket = { pid, pidNamespace, idMark: idMarkOf(ID) };
  expect(await askWorker(socket, { peerOf, uid: 1002, clock: systemClock, limitMs: 2000 })).toEqual({
    kind: "another-user",
  });
  const own = await askWorker(socket, { peerOf, uid: 1001, clock: systemClock, limitMs: 2000 });
  expect(own.kind).toBe("answer");
});

test("the kernel says who is at the other end", async () => {
  const peerOf = await loadPeerOf();
  const { pid, pidNamespace, uid } = processIdentity();
  serve(async () => []);
  const asked: unknown[] = [];
  const socket = { pid, pidNamespace, idMark: idMarkOf(ID) };
  const watching = (one: object) => {
    asked.push(peerOf(one));
    return peerOf(one);
  };
  await askWorker(socket, { peerOf: watching, uid, clock: systemClock, limitMs: 2000 });
  expect(asked).toEqual([{ pid, uid }]);
  expect(peerOf({})).toBeUndefined();
});

describe("judgeHealth", () => {
  const socket = { pid: 8, pidNamespace: "pid:[1]", idMark: "0" };
  test("nothing runs", () => {
    expect(judgeHealth([], undefined)).toEqual({ healthy: false, line: "no worker runs here" });
  });
  test("only another user's", () => {
    expect(judgeHealth([{ socket, said: { kind: "another-user" } }], undefined)).toEqual({
      healthy: false,
      line: "no worker runs here; 1 of another user: ask as that user or root",
    });
  });
});

test("without /proc there is a reason", async () => {
  const readSockets = () => {
    throw new Error("ENOENT");
  };
  expect(await checkHealth({ readSockets })).toEqual({
    healthy: false,
    line: "/proc/net/unix cannot be read: health needs Linux with /proc mounted",
  });
});

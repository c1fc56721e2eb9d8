import { afterEach, describe, expect, test } from "bun:test";
import { loadPeerOf } from "../../src/host/peer.ts";
import { processIdentity } from "../../src/host/process-identity.ts";
import { checkHealth, judgeHealth } from "../../src/operator/check-health.ts";
import { answerHealth } from "../../src/operator/health.ts";
import { MAX_REPLY_BYTES } from "../../src/operator/question.ts";
import { serveOperator } from "../../src/operator/serve-operator.ts";
import { idMarkOf, newToken, operatorAddress } from "../../src/operator/socket-name.ts";
import { recordedLog } from "../support/recorded-log.ts";

const ID = `health-test-${process.pid}`;
const dockerSocket = undefined;
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

function serve(problems: () => Promise<readonly string[]>, workerId = ID) {
  const log = recordedLog();
  const server = serveOperator({ workerId, answering: [answerHealth(problems)], log });
  undo.push(() => server.stop());
  return { server, log };
}

const check = (workerId?: string, limitMs?: number) =>
  checkHealth({ workerId, dockerSocket, ...(limitMs === undefined ? {} : { limitMs }) });

test("a worker without problems is healthy", async () => {
  serve(async () => []);
  expect(await check(ID)).toEqual({
    healthy: true,
    line: `worker "${ID}" (pid ${process.pid}) is connected to Oz and its Docker daemon answers`,
  });
});

test("problems are told live, on one harmless line", async () => {
  let problems = ["not connected to Oz for 3 s", "two\nlines\u001b[31m"];
  serve(async () => problems);
  expect(await check(ID)).toEqual({
    healthy: false,
    line: `worker "${ID}" (pid ${process.pid}): not connected to Oz for 3 s, two\\nlines\\u001b[31m`,
  });
  problems = [];
  expect((await check(ID)).healthy).toBe(true);
});

test("questions at once share one look; none waits for another round", async () => {
  let looks = 0;
  const gate = Promise.withResolvers<void>();
  serve(async () => {
    looks += 1;
    await gate.promise;
    return [];
  });
  const verdicts = Promise.all(Array.from({ length: 8 }, () => check(ID)));
  setTimeout(gate.resolve, 100);
  expect((await verdicts).map(({ healthy }) => healthy)).toEqual(Array.from({ length: 8 }, () => true));
  expect(looks).toBe(1);
});

test("a worker that does not answer is not healthy", async () => {
  serve(() => new Promise(() => {}));
  expect(await check(ID, 100)).toEqual({
    healthy: false,
    line: `worker "${ID}" (pid ${process.pid}) does not answer within 0.1 s; it hangs, restart it`,
  });
});

test("a defect in the worker's own look is told as one", async () => {
  serve(() => Promise.reject(new Error("secret")));
  expect(await check(ID)).toEqual({
    healthy: false,
    line: `worker "${ID}" (pid ${process.pid}) cannot tell its state; this is a fault of the worker`,
  });
});

test("two workers: both must be well, and the ill one is named", async () => {
  serve(async () => []);
  serve(async () => ["not connected to Oz for 3 s"], `${ID}-2`);
  const listed = await check();
  expect(listed.healthy).toBe(false);
  expect(listed.line).toContain(`worker "${ID}-2" (pid ${process.pid}): not connected`);
  expect((await check(ID)).healthy).toBe(true);
});

test("a worker that has stopped is none", async () => {
  const { server } = serve(async () => []);
  server.stop();
  server.stop();
  expect(await check(ID)).toEqual({ healthy: false, line: `no worker with the id "${ID}" runs here` });
});

test("who was promised an answer is not kept waiting by a stop", async () => {
  const { server } = serve(() => new Promise(() => {}));
  setTimeout(() => server.stop(), 100);
  expect((await check(ID)).line).toBe(`no worker with the id "${ID}" runs here`);
});

test.each([
  ["something else", `{"state":"fine"}\n`, "answers with something else; it may be of another version"],
  ["an answer to something else", `{"worker_id":"x","answer":{}}\n`, "answers with something else"],
  ["no JSON", "hello\n", "answers with something else"],
  ["no end", "x".repeat(MAX_REPLY_BYTES + 1), "answers with too much"],
  ["a refusal", `{"worker_id":"x","refused":"does not\\nknow"}\n`, "does not\\nknow"],
] as const)("an answer of another version is said to be such: %s", async (_, answer, expected) => {
  const { pid, pidNamespace } = processIdentity();
  const bytes = new TextEncoder().encode(answer);
  const other = Bun.listen<{ sent: number }>({
    unix: operatorAddress({ pid, pidNamespace, idMark: idMarkOf(ID), token: newToken() }),
    socket: {
      open(socket) {
        socket.data = { sent: socket.write(bytes) };
      },
      drain(socket) {
        socket.data.sent += socket.write(bytes.subarray(socket.data.sent));
      },
      data() {},
    },
  });
  undo.push(() => other.stop(true));
  expect((await check(ID)).line).toContain(`worker "${ID}" (pid ${pid}) ${expected}`);
});

test("the kernel says who is at the other end", async () => {
  const peerOf = loadPeerOf();
  const { pid, uid } = processIdentity();
  const seen = Promise.withResolvers<unknown>();
  const server = Bun.listen({
    unix: `\0${ID}-peer`,
    socket: { open: (socket) => seen.resolve(peerOf(socket)), data() {} },
  });
  undo.push(() => server.stop(true));
  const link = await Bun.connect({ unix: `\0${ID}-peer`, socket: { data() {} } });
  expect(peerOf(link)).toEqual({ pid, uid });
  expect(await seen.promise).toEqual({ pid, uid });
  expect(peerOf({})).toBeUndefined();
  link.terminate();
});

describe("judgeHealth", () => {
  const none = { kind: "asked", said: [], left: 0, strangers: [] } as const;
  const strangers = [{ pid: 8, uid: 1000 }, { pid: 9, uid: 1001 }, { pid: 10, uid: 33 }, { pid: 11 }];
  test("nothing runs", () => {
    expect(judgeHealth(none, undefined, { uid: 0 })).toEqual({ healthy: false, line: "no worker runs here" });
  });
  test("only another user's", () => {
    expect(judgeHealth({ ...none, strangers }, undefined, { uid: 1002 })).toEqual({
      healthy: false,
      line: "no worker runs here; 4 of another user: ask as that user or root",
    });
  });
  test("only such as root does not believe", () => {
    expect(judgeHealth({ ...none, strangers }, "x", { uid: 0 })).toEqual({
      healthy: false,
      line:
        'no worker with the id "x" runs here; not believed, since that user may not use the Docker daemon: ' +
        "pid 8 of user 1000, pid 9 of user 1001, pid 10 of user 33 and 1 more; ask as that user",
    });
  });
  test("more than can be asked", () => {
    expect(judgeHealth({ ...none, left: 3 }, undefined, { uid: 0 })).toEqual({
      healthy: false,
      line: "3 more workers were not asked",
    });
  });
});

test("without /proc there is a reason", async () => {
  const readSockets = () => {
    throw new Error("ENOENT");
  };
  expect(await checkHealth({ dockerSocket, readSockets })).toEqual({
    healthy: false,
    line: "/proc/net/unix cannot be read: health needs Linux with /proc mounted",
  });
});

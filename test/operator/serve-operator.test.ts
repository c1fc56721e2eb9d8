import { afterEach, expect, test } from "bun:test";
import * as v from "valibot";
import { processIdentity } from "../../src/host/process-identity.ts";
import { answering } from "../../src/operator/answering.ts";
import { askWorkers } from "../../src/operator/ask-workers.ts";
import { findWorkers } from "../../src/operator/find-workers.ts";
import { MAX_REPLY_BYTES } from "../../src/operator/question.ts";
import { serveOperator } from "../../src/operator/serve-operator.ts";
import { idMarkOf, operatorAddress } from "../../src/operator/socket-name.ts";
import { recordedLog } from "../support/recorded-log.ts";

const ID = `operator-test-${process.pid}`;
const identity = processIdentity();
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

const ECHO = { name: "echo", input: v.object({ text: v.string() }), answer: v.object({ text: v.string() }) };
const LONG = { name: "long", input: v.object({ length: v.number() }), answer: v.string() };
let gate = Promise.withResolvers<void>();
let atOnce = 0;
let most = 0;
const WAIT = { name: "wait", input: v.object({}), answer: v.literal("done") };

function serve(): void {
  const server = serveOperator({
    workerId: ID,
    answering: [
      answering(ECHO, async ({ text }) => ({ text })),
      answering(LONG, async ({ length }) => "x".repeat(length)),
      answering(WAIT, async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await gate.promise;
        atOnce -= 1;
        return "done" as const;
      }),
    ],
    log: recordedLog(),
  });
  undo.push(() => server.stop());
}

const sockets = () =>
  findWorkers({ identity, dockerSocket: undefined, idMark: idMarkOf(ID) })?.workers[0]?.sockets ?? [];
const options = { workerId: ID, dockerSocket: undefined };

/** What comes back, until the worker hangs up or `limitMs` have passed. */
async function send(text: string, limitMs = 300): Promise<{ readonly heard: string; readonly hungUp: boolean }> {
  const [socket] = sockets();
  if (socket === undefined) throw new Error("nobody listens");
  let heard = "";
  const closed = Promise.withResolvers<boolean>();
  const link = await Bun.connect({
    unix: operatorAddress(socket),
    socket: {
      data(_, chunk) {
        heard += chunk.toString();
      },
      close: () => closed.resolve(true),
    },
  });
  link.write(text);
  const hungUp = await Promise.race([closed.promise, Bun.sleep(limitMs).then(() => false)]);
  link.terminate();
  return { heard, hungUp };
}

test("a question with its input is answered, with whose answer it is", async () => {
  serve();
  const asked = await askWorkers(ECHO, { text: "\n\u0000é" }, options);
  expect(asked).toMatchObject({
    kind: "asked",
    said: [{ worker: { pid: identity.pid }, said: { kind: "answer", workerId: ID, answer: { text: "\n\u0000é" } } }],
  });
});

test("a long answer arrives whole; one that is too long is refused in words", async () => {
  serve();
  const long = await askWorkers(LONG, { length: 1_000_000 }, options);
  expect(long).toMatchObject({ said: [{ said: { kind: "answer", answer: "x".repeat(1_000_000) } }] });
  expect(await askWorkers(LONG, { length: MAX_REPLY_BYTES }, options)).toMatchObject({
    said: [{ said: { kind: "silent", reason: "cannot tell its state; this is a fault of the worker" } }],
  });
});

const UNKNOWN = "does not know the question; it may be of another version";
test.each([
  ["nothing that it knows", '{"ask":"sing","input":{}}\n', UNKNOWN],
  ["no JSON", "health\n", UNKNOWN],
  ["two at once", '{"ask":"echo","input":{"text":"a"}}\n{"ask":"echo","input":{"text":"b"}}\n', UNKNOWN],
  ["another input", '{"ask":"echo","input":{"text":1}}\n', "cannot read the question; it may be of another version"],
  ["no input", '{"ask":"echo"}\n', UNKNOWN],
])("it is asked %s: the reply says so", async (_, line, refused) => {
  serve();
  expect(JSON.parse((await send(line)).heard)).toEqual({ worker_id: ID, refused });
});

test("a question without end is cut off, and so is one who asks nothing", async () => {
  serve();
  expect(await send("x".repeat(100_000))).toEqual({ heard: "", hungUp: true });
  expect(await send("", 2_000)).toEqual({ heard: "", hungUp: true });
  expect(await send('{"ask":', 2_000)).toEqual({ heard: "", hungUp: true });
});

test("the name changes under many links, and who waits for an answer gets it", async () => {
  serve();
  const before = sockets().map(({ token }) => token);
  const waiting = askWorkers(WAIT, {}, options);
  await Bun.sleep(50);
  for (let dialled = 0; dialled < 300; dialled++) {
    const [socket] = sockets();
    if (socket === undefined) throw new Error("nobody listens");
    const link = await Bun.connect({ unix: operatorAddress(socket), socket: { data() {} } }).catch(() => undefined);
    link?.terminate();
  }
  const after = sockets().map(({ token }) => token);
  expect(before).toHaveLength(1);
  expect(after).toHaveLength(1);
  expect(after).not.toEqual(before);
  gate.resolve();
  expect(await waiting).toMatchObject({ said: [{ said: { kind: "answer", answer: "done" } }] });
});

test("of many who ask at once few are heard at once, and all in the end", async () => {
  gate = Promise.withResolvers();
  most = 0;
  serve();
  const all = Promise.all(Array.from({ length: 40 }, () => askWorkers(WAIT, {}, options)));
  await Bun.sleep(300);
  expect(atOnce).toBe(16);
  gate.resolve();
  expect((await all).filter((asked) => asked.kind === "asked" && asked.said[0]?.said.kind === "answer")).toHaveLength(
    40,
  );
  expect(most).toBe(16);
});

test("where there can be no such socket, the worker goes without and says so", () => {
  const log = recordedLog();
  const odd = { ...identity, pidNamespace: `pid:[${"9".repeat(200)}]` };
  const server = serveOperator({ workerId: ID, answering: [], log, identity: odd });
  expect(log.messages("warn")).toHaveLength(1);
  expect(log.text()).toContain("cannot ask this one");
  server.stop();
});

// What the processes of other users do in the tests of the local socket: `other-process.ts DEED ARGUMENTS...`. One word
// on stdout says that it is done; one that stays ends with its stdin.
import { dlopen, ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import { socketAddress } from "../../src/host/notify-socket.ts";
import { processIdentity } from "../../src/host/process-identity.ts";
import { checkHealth } from "../../src/operator/check-health.ts";
import { answerHealth } from "../../src/operator/health.ts";
import { serveOperator } from "../../src/operator/serve-operator.ts";
import { idMarkOf, listedSockets, newToken, operatorAddress } from "../../src/operator/socket-name.ts";
import { recordedLog } from "../support/recorded-log.ts";

const identity = processIdentity();
const say = (word: string) => void process.stdout.write(`${word}\n`);
const socketsOf = (workerId: string) =>
  listedSockets(readFileSync("/proc/net/unix", "utf8"), identity.pidNamespace).filter(
    ({ idMark }) => idMark === idMarkOf(workerId),
  );
const ignore = { open() {}, data() {}, close() {}, error() {}, connectError() {} };

/** Tells every 100 ms how long the process could do nothing else, in ms: the longest gap so far. */
function worker(workerId: string, problem?: string): void {
  const problems = async () => (problem === undefined ? [] : [problem]);
  serveOperator({ workerId, answering: [answerHealth(problems)], log: recordedLog() });
  let last = performance.now();
  let longest = 0;
  setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 10);
    last = now;
  }, 10);
  process.stdin.on("data", () => {
    say(String(Math.round(longest)));
    longest = 0;
  });
  say("ready");
}

/** Listens under names of a worker, as process `pid`, and tells everybody that all is well. */
function impostor(workerId: string, pid: string, count: string): void {
  for (let made = 0; made < Number(count); made++) {
    Bun.listen({
      unix: operatorAddress({
        pid: Number(pid) || process.pid,
        pidNamespace: identity.pidNamespace,
        idMark: idMarkOf(workerId),
        token: newToken(),
      }),
      socket: {
        ...ignore,
        data: (socket) => void socket.write(`${JSON.stringify({ worker_id: workerId, answer: { problems: [] } })}\n`),
      },
    });
  }
  say("ready");
}

/** Dials every socket of a worker so often, and keeps still. */
async function idle(workerId: string, count: string): Promise<void> {
  for (const socket of socketsOf(workerId)) {
    const links = Array.from({ length: Number(count) }, () =>
      Bun.connect({ unix: operatorAddress(socket), socket: ignore }).catch(() => undefined),
    );
    await Promise.all(links);
  }
  say("ready");
}

const SOCK_STREAM_NONBLOCK = 1 | 0o4000;

/** Dials whatever listens as a worker, 2,000 times at once and without a pause, for ever: past the runtime, which is slow. */
function flood(workerId: string): void {
  const { symbols: libc } = dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  });
  say("ready");
  for (;;) {
    const last = socketsOf(workerId).at(-1);
    if (last === undefined) return;
    const address = socketAddress(operatorAddress(last).replace("\0", "@"));
    const links: number[] = [];
    // With the name goes whoever dials it: a failure is mostly a queue that is full.
    for (let tries = 0; tries < 4_000 && links.length < 2_000; tries++) {
      const link = libc.socket(1, SOCK_STREAM_NONBLOCK, 0);
      if (libc.connect(link, ptr(address), address.byteLength) === 0) links.push(link);
      else libc.close(link);
    }
    for (const link of links) libc.close(link);
  }
}

/** Everything that a worker says to this user, in any words, within 300 ms. */
async function overhear(workerId: string): Promise<void> {
  let heard = "";
  for (const socket of socketsOf(workerId)) {
    const link = await Bun.connect({
      unix: operatorAddress(socket),
      socket: {
        ...ignore,
        data(_, chunk) {
          heard += chunk.toString();
        },
      },
    }).catch(() => undefined);
    link?.write('{"ask":"health","input":{}}\n');
  }
  await Bun.sleep(300);
  say(JSON.stringify(heard));
  process.exit(0);
}

async function ask(workerId: string, dockerSocket: string, limitMs?: string): Promise<void> {
  const limit = limitMs === undefined ? {} : { limitMs: Number(limitMs) };
  say(JSON.stringify(await checkHealth({ workerId: workerId || undefined, dockerSocket, ...limit })));
  process.exit(0);
}

async function connect(path: string): Promise<void> {
  await Bun.connect({ unix: path, socket: ignore }).then(
    () => say("yes"),
    () => say("no"),
  );
  process.exit(0);
}

const stays = ["worker", "impostor", "idle", "flood"];
const [deed = "", one = "", two = "", three = ""] = process.argv.slice(2);
if (stays.includes(deed)) process.stdin.resume().on("end", () => process.exit(0));
if (deed === "worker") worker(one, two || undefined);
else if (deed === "impostor") impostor(one, two, three);
else if (deed === "idle") await idle(one, two);
else if (deed === "flood") flood(one);
else if (deed === "overhear") await overhear(one);
else if (deed === "ask") await ask(one, two, three || undefined);
else if (deed === "connect") await connect(one);
else throw new Error(`no such deed: ${deed}`);

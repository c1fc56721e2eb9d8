import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, chown, rm } from "node:fs/promises";
import { join } from "node:path";
import { heldSockets } from "../../src/host/other-process.ts";
import { until } from "../support/until.ts";
import { OtherUsers, openFolder, ROOT, type Who } from "./other-users.ts";

/** No account of any machine. */
const OWN: Who = { uid: 54_321 };
const STRANGER: Who = { uid: 54_322 };
const DOCKER_GROUP = 54_999;

let users: OtherUsers;
let folder = "";
/** As a distribution makes it: root's, and of a group. */
let dockerSocket = "";
let count = 0;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  users = stack.use(await OtherUsers.make());
  folder = await openFolder();
  stack.defer(() => rm(folder, { recursive: true }));
  dockerSocket = join(folder, "docker.sock");
  const listener = Bun.listen({ unix: dockerSocket, socket: { data() {} } });
  stack.defer(() => listener.stop(true));
  await chown(dockerSocket, 0, DOCKER_GROUP);
  await chmod(dockerSocket, 0o660);
});
afterAll(() => stack.disposeAsync());

const newId = () => `strangers-${process.pid}-${count++}`;
const well = (id: string, pid: number, user = "") => ({
  healthy: true,
  line: `worker "${id}" (pid ${pid}${user}) is connected to Oz and its Docker daemon answers`,
});
const allowed: Who = { ...OWN, groups: [DOCKER_GROUP] };

test("a worker answers its own user and root, who is told whose it is; a stranger hears nothing", async () => {
  const id = newId();
  await using worker = await users.start(allowed, "worker", id);
  expect(await users.health(OWN, id)).toEqual(well(id, worker.pid));
  expect(await users.health(ROOT, id, dockerSocket)).toEqual(well(id, worker.pid, `, user ${OWN.uid}`));
  expect(await users.health(STRANGER, id)).toEqual({
    healthy: false,
    line: `no worker with the id "${id}" runs here; 1 of another user: ask as that user or root`,
  });
  expect(JSON.parse(await users.run(STRANGER, "overhear", id))).toBe("");
  expect(JSON.parse(await users.run(ROOT, "overhear", id))).toContain('"problems":[]');
});

test("a worker of root answers no user, not even one who may use the Docker daemon", async () => {
  const id = newId();
  await using worker = await users.start(ROOT, "worker", id);
  expect(await users.health(ROOT, id)).toEqual(well(id, worker.pid));
  expect((await users.health(allowed, id, dockerSocket)).line).toContain("1 of another user");
  expect(JSON.parse(await users.run(allowed, "overhear", id))).toBe("");
});

test("no worker runs, and a stranger says that it is one: nobody else believes that", async () => {
  const id = newId();
  await using impostor = await users.start(STRANGER, "impostor", id, "0", "1");
  const none = `no worker with the id "${id}" runs here`;
  expect(await users.health(ROOT, id, dockerSocket)).toEqual({
    healthy: false,
    line:
      `${none}; not believed, since that user may not use the Docker daemon: ` +
      `pid ${impostor.pid} of user ${STRANGER.uid}; ask as that user`,
  });
  expect(await users.health(OWN, id)).toEqual({
    healthy: false,
    line: `${none}; 1 of another user: ask as that user or root`,
  });
});

test("a stranger who listens as a worker that runs changes nothing, whatever he says", async () => {
  const id = newId();
  await using worker = await users.start(allowed, "worker", id, "not connected to Oz for 3 s");
  await using _impostor = await users.start(STRANGER, "impostor", id, "0", "1");
  await using _borrower = await users.start(STRANGER, "impostor", id, String(worker.pid), "3000");
  const start = performance.now();
  const ill = (user = "") => ({
    healthy: false,
    line: `worker "${id}" (pid ${worker.pid}${user}): not connected to Oz for 3 s`,
  });
  expect(await users.health(OWN, id)).toEqual(ill());
  expect(await users.health(ROOT, id, dockerSocket)).toEqual(ill(`, user ${OWN.uid}`));
  // Not one of the 3,000 had to be dialled.
  expect(performance.now() - start).toBeLessThan(4_000);
});

test("names in use by a stranger before a worker starts are not in its way", async () => {
  const id = newId();
  await using _before = await users.start(STRANGER, "impostor", id, "1", "1000");
  await using worker = await users.start(allowed, "worker", id);
  expect(await users.health(OWN, id)).toEqual(well(id, worker.pid));
  expect(await users.health(ROOT, id, dockerSocket)).toEqual(well(id, worker.pid, `, user ${OWN.uid}`));
});

test("two users have workers of one id: root hears both, and both must be well", async () => {
  const id = newId();
  await using first = await users.start(ROOT, "worker", id);
  await using second = await users.start(allowed, "worker", id);
  const both = await users.health(ROOT, id, dockerSocket);
  expect(both.healthy).toBe(true);
  expect(both.line).toContain(`(pid ${first.pid}) is connected`);
  expect(both.line).toContain(`(pid ${second.pid}, user ${OWN.uid}) is connected`);
  await using third = await users.start({ ...STRANGER, groups: [DOCKER_GROUP] }, "worker", id, "away");
  expect(await users.health(ROOT, id, dockerSocket)).toEqual({
    healthy: false,
    line: `worker "${id}" (pid ${third.pid}, user ${STRANGER.uid}): away`,
  });
});

test("a stranger's idle links, 40 or 2,000, take nothing from those who may ask", async () => {
  const id = newId();
  await using worker = await users.start(allowed, "worker", id);
  expect((await users.health(OWN, id)).healthy).toBe(true);
  const before = heldSockets(worker.pid)?.size ?? 0;
  for (const links of ["40", "2000"]) {
    await using _idle = await users.start(STRANGER, "idle", id, links);
    expect(await users.health(OWN, id)).toEqual(well(id, worker.pid));
    expect(await users.health(ROOT, id, dockerSocket)).toEqual(well(id, worker.pid, `, user ${OWN.uid}`));
    expect(heldSockets(worker.pid)?.size).toBeLessThanOrEqual(before + 1);
  }
});

test("idle links of the worker's own user do not keep root out, and end", async () => {
  const id = newId();
  await using worker = await users.start(allowed, "worker", id);
  const before = heldSockets(worker.pid)?.size ?? 0;
  await using _idle = await users.start(OWN, "idle", id, "40");
  expect(heldSockets(worker.pid)?.size).toBeLessThanOrEqual(before + 17);
  expect((await users.health(ROOT, id, dockerSocket)).healthy).toBe(true);
  expect((await users.health(OWN, id)).healthy).toBe(true);
  await until("no link is left", () => (heldSockets(worker.pid)?.size ?? 99) <= before + 1);
});

test("a stranger who dials 2,000 times at once, without a pause, neither keeps root out nor the worker from its work", async () => {
  const id = newId();
  await using worker = await users.start(allowed, "worker", id);
  await worker.poke();
  await using _first = await users.start(STRANGER, "flood", id);
  await using _second = await users.start(STRANGER, "flood", id);
  await using _third = await users.start(STRANGER, "flood", id);
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    expect(await users.health(ROOT, id, dockerSocket)).toEqual(well(id, worker.pid, `, user ${OWN.uid}`));
    expect(performance.now() - start).toBeLessThan(6_000);
  }
  const longest = Number(await worker.poke());
  console.log(`flood: the worker could do nothing else for ${longest} ms at the most`);
  expect(longest).toBeLessThan(2_000);
}, 30_000);

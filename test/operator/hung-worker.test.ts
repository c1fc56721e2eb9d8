import { afterAll, beforeAll, expect, test } from "bun:test";
import { OtherUsers, ROOT, type Who } from "./other-users.ts";

const STRANGER: Who = { uid: 54_322 };
let users: OtherUsers;
let count = 0;
beforeAll(async () => {
  users = await OtherUsers.make();
});
afterAll(() => users[Symbol.asyncDispose]());
const newId = () => `hung-${process.pid}-${count++}`;

test("a worker that hangs is told from one that is dead, within 6 s", async () => {
  const id = newId();
  await using worker = await users.start(ROOT, "worker", id);
  worker.kill("SIGSTOP");
  const start = performance.now();
  expect(await users.health(ROOT, id)).toEqual({
    healthy: false,
    line: `worker "${id}" (pid ${worker.pid}) does not answer within 5 s; it hangs, restart it`,
  });
  expect(performance.now() - start).toBeLessThan(6_000);
  worker.kill("SIGKILL");
  await worker[Symbol.asyncDispose]();
  expect(await users.health(ROOT, id)).toEqual({
    healthy: false,
    line: `no worker with the id "${id}" runs here`,
  });
}, 20_000);

test("a worker that hangs while its queue is full hangs as well, and is well when it goes on", async () => {
  const id = newId();
  await using worker = await users.start(ROOT, "worker", id);
  worker.kill("SIGSTOP");
  await using _idle = await users.start(STRANGER, "idle", id, "2000");
  expect(await users.health(ROOT, id, "/nowhere", "300")).toEqual({
    healthy: false,
    line: `worker "${id}" (pid ${worker.pid}) takes no question within 0.3 s; it hangs, restart it`,
  });
  const asked = users.health(ROOT, id);
  await Bun.sleep(500);
  worker.kill("SIGCONT");
  expect((await asked).healthy).toBe(true);
});

test("there is an answer within 6 s beside 10,000 names that are none, and a worker that hangs", async () => {
  const id = newId();
  await using worker = await users.start(ROOT, "worker", id);
  await using _look = await users.start(STRANGER, "impostor", id, String(worker.pid), "10000");
  worker.kill("SIGSTOP");
  const start = performance.now();
  expect((await users.health(ROOT, id)).line).toContain("does not answer within 5 s");
  expect(performance.now() - start).toBeLessThan(6_000);
}, 20_000);

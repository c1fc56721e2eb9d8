import { afterAll, beforeAll, expect, test } from "bun:test";
import { OtherUsers, output, ROOT, type Who } from "./other-users.ts";

/** No account of any machine. */
const OWN: Who = { uid: 54_321 };
const OTHER: Who = { uid: 54_322 };
let users: OtherUsers;
let count = 0;
beforeAll(async () => {
  users = await OtherUsers.make();
});
afterAll(() => users[Symbol.asyncDispose]());
const newId = () => `surroundings-${process.pid}-${count++}`;

/** Starts a worker, then asks, in a pid namespace of their own, on the network of this one. */
function apart(worker: Who, asker: Who, id: string, before = "true"): readonly string[] {
  const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(" ");
  const script = [
    before,
    `tail -f /dev/null | ${quoted(users.command(worker, ["worker", id]))} >/dev/null &`,
    "sleep 1",
    quoted(users.command(asker, ["ask", id, "/nowhere"])),
  ].join("\n");
  return ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "sh", "-c", script];
}

test("workers of other pid namespaces on the same network are not asked, and not in the way", async () => {
  const id = newId();
  await using outside = await users.start(ROOT, "worker", id, "away");
  const inside = JSON.parse(await output(apart(ROOT, ROOT, id)));
  expect(inside).toMatchObject({ healthy: true });
  expect(inside.line).not.toContain("away");
  expect((await users.health(ROOT, id)).line).toBe(`worker "${id}" (pid ${outside.pid}): away`);
});

const HIDEPID = "mount -t proc -o hidepid=2 proc /proc";
test.each([
  ["its own user", OWN, true, "is connected to Oz"],
  ["another user", OTHER, false, "1 of another user: ask as that user or root"],
  ["root", ROOT, false, "not believed"],
] as const)("where /proc hides the processes of others: asked by %s", async (_, asker, healthy, says) => {
  const verdict = JSON.parse(await output(apart(OWN, asker, newId(), HIDEPID)));
  expect(verdict).toMatchObject({ healthy, line: expect.stringContaining(says) });
});

test("a /proc that shows processes alone is enough", async () => {
  const verdict = JSON.parse(await output(apart(OWN, OWN, newId(), "mount -t proc -o subset=pid proc /proc")));
  expect(verdict).toMatchObject({ healthy: true });
});

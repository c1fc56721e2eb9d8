import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, chown, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { mayOpen } from "../../src/host/may-open.ts";
import { OtherUsers, openFolder } from "../operator/other-users.ts";

const USER = 54_321;
const GROUP = 54_999;
let users: OtherUsers;
let root = "";
const stack = new AsyncDisposableStack();
beforeAll(async () => {
  users = stack.use(await OtherUsers.make());
  root = await openFolder();
  stack.defer(() => rm(root, { recursive: true }));
});
afterAll(() => stack.disposeAsync());

// Owner, group and mode of the socket; owner, group and mode of its folder; the groups of the user; the kernel's word.
test.each([
  ["of the user's group", 0, GROUP, 0o660, 0, 0, 0o755, [GROUP], true],
  ["of a group that the user is not in", 0, GROUP, 0o660, 0, 0, 0o755, [], false],
  ["of the user", USER, 0, 0o600, 0, 0, 0o755, [], true],
  ["of the user, who took it from himself", USER, GROUP, 0o066, 0, 0, 0o755, [GROUP], false],
  ["for everybody but the group", 0, GROUP, 0o606, 0, 0, 0o755, [GROUP], false],
  ["for everybody", 0, 0, 0o666, 0, 0, 0o755, [], true],
  ["to be read only", 0, GROUP, 0o640, 0, 0, 0o755, [GROUP], false],
  ["in a folder of root alone", 0, 0, 0o666, 0, 0, 0o700, [], false],
  ["in a folder that the group may search", 0, GROUP, 0o660, 0, GROUP, 0o710, [GROUP], true],
] as const)("a socket %s", async (name, uid, gid, mode, folderUid, folderGid, folderMode, groups, expected) => {
  const folder = join(root, name.replaceAll(" ", "-"));
  await mkdir(folder);
  const path = join(folder, "socket");
  const listener = Bun.listen({ unix: path, socket: { data() {} } });
  await chown(path, uid, gid);
  await chmod(path, mode);
  await chown(folder, folderUid, folderGid);
  await chmod(folder, folderMode);
  const kernel = await users.run({ uid: USER, groups }, "connect", path);
  expect(kernel).toBe(expected ? "yes" : "no");
  expect(mayOpen({ uid: USER, groups: [USER, ...groups] }, path)).toBe(expected);
  expect(mayOpen({ uid: 0, groups: [] }, path)).toBe(true);
  const link = `${folder}-link`;
  await symlink(folder, link);
  expect(mayOpen({ uid: USER, groups: [USER, ...groups] }, join(link, "socket"))).toBe(expected);
  listener.stop(true);
});

test("what is no socket, or not there, nobody may open", () => {
  expect(mayOpen({ uid: 0, groups: [] }, "/etc/passwd")).toBe(false);
  expect(mayOpen({ uid: 0, groups: [] }, "/nowhere/docker.sock")).toBe(false);
});

test("users and groups that a user namespace does not show are never the same one", async () => {
  const path = join(root, "unmapped");
  const listener = Bun.listen({ unix: path, socket: { data() {} } });
  await chown(path, 65_534, 65_534);
  await chmod(path, 0o660);
  expect(mayOpen({ uid: 65_534, groups: [65_534] }, path)).toBe(false);
  listener.stop(true);
});

import { expect, test } from "bun:test";
import { healthAddress, idMarkOf, listedHealthSockets } from "../../src/health/health-socket-name.ts";

const HERE = "pid:[4026531836]";
const MARK = idMarkOf("prod-runner-1");

/** A line as the kernel writes it; an abstract name is shown with `@` for its NUL. */
const line = (name: string, flags = "00010000") => `0000000000000000: 00000002 00000000 ${flags} 0001 01 59571 ${name}`;
const listing = (...lines: string[]) =>
  ["Num       RefCount Protocol Flags    Type St Inode Path", ...lines, ""].join("\n");

test("a name is found again as the kernel lists it", () => {
  const socket = { pid: 4711, pidNamespace: HERE, idMark: MARK };
  const address = healthAddress(socket);
  expect(address.startsWith("\0")).toBe(true);
  expect(listedHealthSockets(listing(line(address.replace("\0", "@"))), HERE)).toEqual([socket]);
});

test("an odd or long worker id makes a name that fits", () => {
  const idMark = idMarkOf(`é\n@ /${"x".repeat(1000)}`);
  expect(healthAddress({ pid: 4194304, pidNamespace: HERE, idMark }).length).toBeLessThan(108);
});

test("workers are listed by pid, whatever the order of the kernel", () => {
  const names = [71, 8, 300].map((pid) => line(`@oz-agent-worker.health/4026531836/${pid}/${MARK}`));
  expect(listedHealthSockets(listing(...names), HERE).map(({ pid }) => pid)).toEqual([8, 71, 300]);
});

const strangers: readonly (readonly [string, string])[] = [
  ["of another pid namespace", line(`@oz-agent-worker.health/4026539999/8/${MARK}`)],
  ["a link that was accepted", line(`@oz-agent-worker.health/4026531836/8/${MARK}`, "00000000")],
  ["a socket in a folder", line(`/tmp/oz-agent-worker.health/4026531836/8/${MARK}`)],
  ["no pid", line(`@oz-agent-worker.health/4026531836/0/${MARK}`)],
  ["more behind the name", line(`@oz-agent-worker.health/4026531836/8/${MARK}x`)],
  ["no name", line("")],
  ["nothing", ""],
];
test.each(strangers)("not listed: %s", (_, text) => {
  expect(listedHealthSockets(listing(text), HERE)).toEqual([]);
});

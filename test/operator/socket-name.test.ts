import { expect, test } from "bun:test";
import { idMarkOf, listedSockets, newToken, operatorAddress } from "../../src/operator/socket-name.ts";

const HERE = "pid:[4026531836]";
const MARK = idMarkOf("prod-runner-1");
const TOKEN = newToken();

/** A line as the kernel writes it; an abstract name is shown with `@` for its NUL. */
const line = (name: string, flags = "00010000") => `0000000000000000: 00000002 00000000 ${flags} 0001 01 59571 ${name}`;
const listing = (...lines: string[]) =>
  ["Num       RefCount Protocol Flags    Type St Inode Path", ...lines, ""].join("\n");

test("a name is found again as the kernel lists it", () => {
  const socket = { pid: 4711, pidNamespace: HERE, idMark: MARK, token: TOKEN };
  const address = operatorAddress(socket);
  expect(address.startsWith("\0")).toBe(true);
  const listed = listedSockets(listing(line(address.replace("\0", "@"))), HERE);
  expect(listed).toEqual([{ ...socket, inode: 59571 }]);
});

test("no two names are equal, whatever else is", () => {
  const names = Array.from({ length: 100 }, () =>
    operatorAddress({ pid: 8, pidNamespace: HERE, idMark: MARK, token: newToken() }),
  );
  expect(new Set(names).size).toBe(100);
});

test("an odd or long worker id makes a name that fits", () => {
  const idMark = idMarkOf(`é\n@ /${"x".repeat(1000)}`);
  const address = operatorAddress({ pid: 4194304, pidNamespace: "pid:[4294967295]", idMark, token: TOKEN });
  expect(address.length).toBeLessThan(108);
});

test("workers are listed by pid, whatever the order of the kernel", () => {
  const names = [71, 8, 300].map((pid) => line(`@oz-agent-worker.operator/4026531836/${pid}/${MARK}/${TOKEN}`));
  expect(listedSockets(listing(...names), HERE).map(({ pid }) => pid)).toEqual([8, 71, 300]);
});

const strangers: readonly (readonly [string, string])[] = [
  ["of another pid namespace", line(`@oz-agent-worker.operator/4026539999/8/${MARK}/${TOKEN}`)],
  ["a link that was accepted", line(`@oz-agent-worker.operator/4026531836/8/${MARK}/${TOKEN}`, "00000000")],
  ["a socket in a folder", line(`/tmp/oz-agent-worker.operator/4026531836/8/${MARK}/${TOKEN}`)],
  ["no pid", line(`@oz-agent-worker.operator/4026531836/0/${MARK}/${TOKEN}`)],
  ["no token", line(`@oz-agent-worker.operator/4026531836/8/${MARK}`)],
  ["more behind the name", line(`@oz-agent-worker.operator/4026531836/8/${MARK}/${TOKEN}x`)],
  ["no name", line("")],
  ["nothing", ""],
];
test.each(strangers)("not listed: %s", (_, text) => {
  expect(listedSockets(listing(text), HERE)).toEqual([]);
});

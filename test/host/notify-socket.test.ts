import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNotifySocket, socketAddress } from "../../src/host/notify-socket.ts";
import { receiveDatagrams } from "../support/datagram-receiver.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "oz-agent-worker-notify-"));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(["path", "abstract"])("datagrams arrive whole and in order: %s", async (kind) => {
  const address = kind === "path" ? join(folder, "notify") : `@oz-agent-worker-notify-${process.pid}`;
  await using receiver = await receiveDatagrams(address);
  const notify = await openNotifySocket(address);
  const long = `STATUS=${"é".repeat(500)}`;
  expect([notify("READY=1"), notify(long), notify("STOPPING=1\nSTATUS=Bye")]).toEqual([true, true, true]);
  await receiver.waitFor("STOPPING");
  expect(receiver.received.map((text) => Buffer.from(text).toString())).toEqual([
    "READY=1",
    long,
    "STOPPING=1\nSTATUS=Bye",
  ]);
});

test("nobody listens: said, not thrown", async () => {
  const notify = await openNotifySocket(join(folder, "nobody"));
  expect(notify("READY=1")).toBe(false);
});

test("a receiver that comes later is found", async () => {
  const address = join(folder, "later");
  const notify = await openNotifySocket(address);
  expect(notify("READY=1")).toBe(false);
  await using receiver = await receiveDatagrams(address);
  expect(notify("READY=1")).toBe(true);
  await receiver.waitFor("READY=1");
});

test.each([
  ["relative", "notify", "only paths"],
  ["another family", "vsock:2:1", "only paths"],
  ["empty abstract", "@", "only paths"],
  ["too long", `/${"x".repeat(108)}`, "too long"],
])("refused: %s", async (_, address, reason) => {
  await expect(openNotifySocket(address)).rejects.toThrow(reason);
});

test("an address is laid out as the kernel wants it", () => {
  expect([...socketAddress("/a")]).toEqual([1, 0, 47, 97, 0]);
  expect([...socketAddress("@a")]).toEqual([1, 0, 0, 97]);
});

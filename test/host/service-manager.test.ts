import { expect, test } from "bun:test";
import { findServiceManager, watchdogIntervalMs } from "../../src/host/service-manager.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { recordedLog } from "../support/recorded-log.ts";

/** The manager behind NOTIFY_SOCKET, with what it was told. */
async function manager(env: Readonly<Record<string, string>>, takes = true) {
  const told: string[] = [];
  const clock = new ManualClock();
  const log = recordedLog();
  const found = await findServiceManager({
    env,
    pid: 42,
    clock,
    log,
    open: async () => (text) => {
      told.push(text);
      return takes;
    },
  });
  return { found, told, clock, log };
}

test("without a manager nobody is told anything", async () => {
  const { found, told, log } = await manager({ WATCHDOG_USEC: "1000" });
  found.ready();
  found.status("x");
  found.stopping("Shutting down");
  found.close();
  expect([told, log.lines]).toEqual([[], []]);
});

test("ready, status, stopping; a status is one line", async () => {
  const { found, told } = await manager({ NOTIFY_SOCKET: "/run/x" });
  found.status("Connecting\nREADY=1");
  found.ready();
  found.stopping("Shutting down");
  found.close();
  expect(told).toEqual(["STATUS=Connecting\\nREADY=1", "READY=1", "STOPPING=1\nSTATUS=Shutting down"]);
});

test("the watchdog gets a sign of life in half its time, from ready to close", async () => {
  const { found, told, clock } = await manager({
    NOTIFY_SOCKET: "/run/x",
    WATCHDOG_USEC: "60000000",
    WATCHDOG_PID: "42",
  });
  const signs = () => told.filter((text) => text === "WATCHDOG=1").length;
  clock.advance(60_000);
  expect(signs()).toBe(0);
  found.ready();
  expect(signs()).toBe(1);
  clock.advance(29_999);
  expect(signs()).toBe(1);
  clock.advance(1);
  expect(signs()).toBe(2);
  found.stopping("Shutting down");
  clock.advance(30_000);
  expect(signs()).toBe(3);
  found.close();
  clock.advance(300_000);
  expect(signs()).toBe(3);
});

test("a manager that does not listen is logged once and harms nothing", async () => {
  const { found, log } = await manager({ NOTIFY_SOCKET: "/run/x" }, false);
  found.status("x");
  found.ready();
  found.stopping("Shutting down");
  expect(log.messages("warn")).toEqual(["the service manager does not take the message that the worker is up"]);
});

test("an address that cannot be used is logged with its reason", async () => {
  const log = recordedLog();
  const found = await findServiceManager({
    env: { NOTIFY_SOCKET: "vsock:2:1" },
    pid: 1,
    clock: new ManualClock(),
    log,
  });
  found.ready();
  expect(log.lines).toEqual([
    {
      level: "warn",
      message: "the service manager cannot be told that the worker is up",
      fields: { reason: "only paths and abstract addresses are supported" },
    },
  ]);
});

test.each([
  [{ WATCHDOG_USEC: "30000000" }, 15_000],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "7" }, 15_000],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "8" }, undefined],
  [{ WATCHDOG_USEC: "1" }, 1],
  [{ WATCHDOG_USEC: "9999999999999999" }, 2 ** 31 - 1],
  [{ WATCHDOG_USEC: "0" }, undefined],
  [{ WATCHDOG_USEC: "-5" }, undefined],
  [{ WATCHDOG_USEC: "soon" }, undefined],
  [{}, undefined],
])("watchdog of %p", (env, expected) => {
  expect(watchdogIntervalMs(env, 7)).toBe(expected);
});

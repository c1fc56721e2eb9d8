import { type Clock, monotonicMicroseconds, type Timer } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { messageOf } from "../support/message-of.ts";
import { escapeUnprintable } from "../support/printable.ts";
import { type Notify, openNotifySocket } from "./notify-socket.ts";

/** The service manager that started this process, if one did: systemd with `Type=notify`. */
export interface ServiceManager {
  /** The worker is up. From now on the watchdog, where the unit has one, is kept content. */
  ready(): void;
  /** One line for `systemctl status`; no secrets. */
  status(text: string): void;
  /** The settings are read anew, which a unit of `Type=notify-reload` waits for. */
  reloading(): void;
  reloaded(): void;
  /** The worker ends, as `text` says. The watchdog goes on until `close`. */
  stopping(text: string): void;
  close(): void;
}

export interface ServiceManagerOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly open?: (address: string) => Promise<Notify>;
}

/**
 * Looks in the environment for a service manager to report to (NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of
 * sd_notify(3) and sd_watchdog_enabled(3)). Without one, or where it cannot be told, nothing is reported. Never rejects.
 */
export async function findServiceManager(options: ServiceManagerOptions): Promise<ServiceManager> {
  const { env, pid, clock, log, open = openNotifySocket } = options;
  const address = env.NOTIFY_SOCKET ?? "";
  if (address === "") return SILENT;
  let notify: Notify;
  try {
    notify = await open(address);
  } catch (thrown) {
    log.warn("the service manager cannot be told that the worker is up", { reason: messageOf(thrown) });
    return SILENT;
  }
  const everyMs = watchdogIntervalMs(env, pid);
  let timer: Timer | undefined;
  const feed = (intervalMs: number) => {
    notify("WATCHDOG=1");
    timer = clock.after(intervalMs, () => feed(intervalMs));
  };
  return {
    ready() {
      if (!notify("READY=1")) log.warn("the service manager does not take the message that the worker is up");
      if (everyMs !== undefined) feed(everyMs);
    },
    status: (text) => void notify(`STATUS=${escapeUnprintable(text)}`),
    reloading: () => void notify(`RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds()}`),
    reloaded: () => void notify("READY=1"),
    stopping: (text) => void notify(`STOPPING=1\nSTATUS=${escapeUnprintable(text)}`),
    close: () => timer?.cancel(),
  };
}

/** Half of what the unit allows between two signs of life, in milliseconds; `undefined` without a watchdog for `pid`. */
export function watchdogIntervalMs(env: ServiceManagerOptions["env"], pid: number): number | undefined {
  const { WATCHDOG_USEC: limit = "", WATCHDOG_PID: watched = "" } = env;
  if (!/^[1-9]\d{0,15}$/.test(limit) || (watched !== "" && watched !== String(pid))) return undefined;
  // A timer takes at most 2^31 - 1.
  return Math.min(Math.max(1, Number(limit) / 2000), 2 ** 31 - 1);
}

const SILENT: ServiceManager = { ready() {}, status() {}, reloading() {}, reloaded() {}, stopping() {}, close() {} };

import { readFileSync } from "node:fs";
import { constants } from "node:os";

/** Signals that people and service managers send; one that nobody listens to would end the process without a line. */
const SIGNALS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"];

/**
 * Listens to every signal that people send. SIGHUP stays ignored where the process was started so, as `nohup` does: it comes
 * from a terminal that is closed then.
 */
export function listenToSignals(onSignal: (signal: NodeJS.Signals) => void, status: string = ownStatus()): void {
  for (const signal of SIGNALS) {
    if (signal === "SIGHUP" && isIgnored(signal, status)) continue;
    process.on(signal, onSignal);
  }
}

/** Whether a process ignores a signal, by its /proc/PID/status (proc(5)). */
export function isIgnored(signal: NodeJS.Signals, status: string): boolean {
  const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  const bit = BigInt(constants.signals[signal] - 1);
  return ignored !== undefined && ((BigInt(`0x${ignored}`) >> bit) & 1n) === 1n;
}

function ownStatus(): string {
  try {
    return readFileSync("/proc/self/status", "utf8");
  } catch {
    return "";
  }
}

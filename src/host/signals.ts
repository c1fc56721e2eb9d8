import { readFileSync } from "node:fs";
import { constants } from "node:os";

/** Signals that people and service managers send to have a program end; a closed terminal sends SIGHUP. */
const ENDING: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2"];
/** Signals that mean nothing here, and would end the process if nobody listened. */
const MEANINGLESS: readonly NodeJS.Signals[] = ["SIGUSR1"];

export interface SignalHandlers {
  /** Whoever sent it wants the process to end, in order. */
  readonly end: (signal: NodeJS.Signals) => void;
  /** It asks for nothing that is here. */
  readonly nothing: (signal: NodeJS.Signals) => void;
}

/**
 * Listens to every signal that people send: one that nobody listens to ends the process without a line. SIGHUP stays ignored
 * where the process was started so, as `nohup` does.
 */
export function listenToSignals(handlers: SignalHandlers, status: string = ownStatus()): void {
  for (const signal of ENDING) {
    if (signal === "SIGHUP" && isIgnored(signal, status)) continue;
    process.on(signal, handlers.end);
  }
  for (const signal of MEANINGLESS) process.on(signal, handlers.nothing);
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

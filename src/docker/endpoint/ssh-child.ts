import { spawn } from "node:child_process";
import type { Clock } from "../../support/clock.ts";
import { escapeUnprintable, shorten } from "../../support/printable.ts";
import type { Environment } from "./find-endpoint.ts";

/** A running ssh. It ends when `end` is called, and whenever this process ends, however that happens. */
export interface SshChild {
  /** Resolves when ssh and its guard have ended. Never rejects. */
  readonly ended: Promise<void>;
  /** The last line that ssh wrote, fit for a message, without its full stop; empty where it wrote none. */
  lastLine(): string;
  /** Ends it; resolves when it is gone. */
  end(): Promise<void>;
}

/**
 * The guard holds the reading end of a pipe from this process: at its end (a close, an exit, a kill -9) ssh is killed.
 * Signals for the whole process group or service, as Ctrl-C or systemd send them, must not cut off tasks that are still
 * being ended: they are ignored here, and ssh keeps ignored what was ignored at its start.
 */
const GUARD = `
trap '' HUP INT TERM
exec 3<&0
ssh "$@" </dev/null 3<&- &
ssh=$!
{ read -r line <&3; kill -9 "$ssh"; } >/dev/null 2>&1 &
guard=$!
exec 3<&- </dev/null 2>/dev/null
wait "$ssh"
code=$?
kill -9 "$guard"
exit "$code"
`;

const MAX_STDERR = 4096;
const END_LIMIT_MS = 2000;

/** Starts `ssh` with these arguments; `env` is its environment. Never throws: what fails ends the child. */
export function startSsh(args: readonly string[], env: Environment, clock: Clock): SshChild {
  // The key of the worker is nobody else's business.
  const { WARP_API_KEY: _, ...childEnv } = env;
  const child = spawn("/bin/sh", ["-c", GUARD, "sh", ...args], {
    env: childEnv,
    stdio: ["pipe", "ignore", "pipe"],
    detached: true,
  });
  let stderr = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (chunk: string) => {
    stderr = (stderr + chunk).slice(-MAX_STDERR);
  });
  child.stdin.on("error", () => {});
  child.stderr.on("error", () => {});
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      stderr += `\n${error.message}`;
      resolve();
    });
    // `close` comes after the last of stderr, but waits for ssh if only its guard was killed.
    child.once("close", () => resolve());
    child.once("exit", () => {
      child.stdin.destroy();
      clock.after(END_LIMIT_MS, resolve);
    });
  });
  return {
    ended,
    lastLine() {
      const lines = stderr.split(/[\r\n]+/).filter((line) => line.trim() !== "");
      const last = lines.at(-1)?.trim().replace(/\.$/, "") ?? "";
      return escapeUnprintable(shorten(last, 300));
    },
    async end() {
      child.stdin.destroy();
      const last = clock.after(END_LIMIT_MS, () => killGroup(child.pid));
      await ended;
      last.cancel();
    },
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

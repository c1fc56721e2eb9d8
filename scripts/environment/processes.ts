import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";

/** A process in a session of its own, so that Ctrl-C reaches its owner first and things end in order. */
export interface OwnProcess {
  readonly pid: number;
  /** Resolves with the exit code, 128+n for a signal; never rejects. */
  readonly exited: Promise<number>;
  /** SIGTERM, then SIGKILL to its whole group after `graceMs`; resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
}

/** Where a process's output goes: a file, which is appended to, or this process's own stderr. */
export type OutputTarget = { readonly file: string } | "inherit";

/** Starts a process. Rejects with a plain error where the program cannot be started. */
export async function startProcess(
  command: readonly [string, ...string[]],
  options: { readonly output: OutputTarget; readonly env: Readonly<Record<string, string>>; readonly cwd?: string },
): Promise<OwnProcess> {
  const [program, ...args] = command;
  const output = options.output === "inherit" ? 2 : openSync(options.output.file, "a");
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", output, output],
    env: options.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const exited = exitOf(child);
  try {
    const pid = await startOf(child);
    return { pid, exited, stop: (graceMs) => stopGroup(pid, exited, graceMs) };
  } finally {
    if (output !== 2) closeSync(output);
  }
}

function startOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => resolve(child.pid ?? 0));
  });
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
    child.once("error", () => resolve(127));
  });
}

function signalNumber(signal: NodeJS.Signals | null): number {
  const numbers: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };
  return signal === null ? 0 : (numbers[signal] ?? 0);
}

async function stopGroup(pid: number, exited: Promise<number>, graceMs: number): Promise<void> {
  signalProcess(pid, "SIGTERM");
  const timer = setTimeout(() => signalProcess(-pid, "SIGKILL"), graceMs);
  await exited;
  clearTimeout(timer);
  // What the process started and left behind in its session ends with it.
  signalProcess(-pid, "SIGKILL");
}

/** Sends a signal; a process that is gone already is no error. A negative pid means its process group. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

/** A process as /proc shows it. */
export interface ProcessSight {
  readonly pid: number;
  readonly command: string;
}

/**
 * The processes, other than this one, whose environment, command line or cgroup names `mark`. Zombies are left out, and
 * so are the processes of other users, which cannot be read.
 */
export function findProcesses(mark: string): readonly ProcessSight[] {
  const sights: ProcessSight[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const command = readProc(pid, "cmdline").replaceAll("\0", " ").trim();
    if (command === "") continue;
    const texts = [command, readProc(pid, "environ"), readProc(pid, "cgroup")];
    if (texts.some((text) => text.includes(mark))) sights.push({ pid, command });
  }
  return sights;
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

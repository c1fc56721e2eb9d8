import { type ChildProcess, spawn as spawnProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { type Clock, systemClock } from "../../support/clock.ts";

/** `spawn` of `node:child_process`. */
export type SpawnProcess = typeof spawnProcess;

/** How a helper process ended. A `completed` one may have failed: see `exitCode`, null where a signal ended it. */
export type HelperRun =
  | { readonly kind: "completed"; readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }
  | { readonly kind: "not-started"; readonly code: string }
  | { readonly kind: "timeout"; readonly stderr: string }
  | { readonly kind: "flooded" }
  | { readonly kind: "aborted" };

export interface HelperProcess {
  /** Absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  readonly stdin: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly limitMs: number;
  readonly maxStdoutBytes: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly spawn?: SpawnProcess;
}

/** More than enough for what a helper has to say; of more the end is kept. */
const STDERR_TAIL_BYTES = 8 * 1024;
/** How long output may still come after the helper itself has ended, when a child of it holds the pipe open. */
const DRAIN_MS = 250;

/**
 * Runs a program in a process group of its own and collects its output. Whatever ends the wait early (limit, flood,
 * abort) kills the whole group. Never rejects.
 */
export function runHelperProcess(request: HelperProcess): Promise<HelperRun> {
  const { signal, clock = systemClock, spawn = spawnProcess } = request;
  if (signal?.aborted) return Promise.resolve({ kind: "aborted" });

  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(request.program, request.args, { detached: true, env: { ...request.env }, stdio: "pipe" });
    } catch (error) {
      resolve({ kind: "not-started", code: codeOf(error) });
      return;
    }

    let isSettled = false;
    const settle = (run: HelperRun, killGroup: boolean) => {
      // Exit and close still come after a kill, when the group's id may belong to somebody else.
      if (isSettled) return;
      isSettled = true;
      limit.cancel();
      drain?.cancel();
      signal?.removeEventListener("abort", onAbort);
      if (killGroup) killProcessGroup(child);
      // A grandchild that left the group may hold the pipes for as long as it likes.
      child.stdin?.destroy();
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(run);
    };
    const onAbort = () => settle({ kind: "aborted" }, true);

    const stdout = collect(child.stdout, request.maxStdoutBytes, () => settle({ kind: "flooded" }, true));
    const stderr = collectTail(child.stderr, STDERR_TAIL_BYTES);
    const complete = (exitCode: number | null, killGroup: boolean) =>
      settle({ kind: "completed", exitCode, stdout: stdout(), stderr: stderr() }, killGroup);

    const limit = clock.after(request.limitMs, () => settle({ kind: "timeout", stderr: stderr() }, true));
    let drain: ReturnType<Clock["after"]> | undefined;
    signal?.addEventListener("abort", onAbort, { once: true });

    child.once("error", (error) => settle({ kind: "not-started", code: codeOf(error) }, false));
    child.once("close", (exitCode) => complete(exitCode, false));
    child.once("exit", (exitCode) => {
      if (!isSettled) drain = clock.after(DRAIN_MS, () => complete(exitCode, true));
    });
    // A helper may answer without reading, and the pipe is broken then.
    child.stdin?.on("error", () => {});
    child.stdin?.end(request.stdin);
  });
}

function killProcessGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody of the group is left.
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

function collect(stream: Readable | null, maxBytes: number, onTooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else onTooMuch();
  });
  stream?.on("error", () => {});
  return () => Buffer.concat(chunks).toString("utf8");
}

/** Keeps the end; where something was cut the first line is dropped too, since half a secret would not be recognised. */
function collectTail(stream: Readable | null, maxBytes: number): () => string {
  let tail = Buffer.alloc(0);
  let isCut = false;
  stream?.on("data", (chunk: Buffer) => {
    const all = Buffer.concat([tail, chunk]);
    isCut = isCut || all.length > maxBytes;
    tail = all.subarray(Math.max(0, all.length - maxBytes));
  });
  stream?.on("error", () => {});
  return () => {
    const text = tail.toString("utf8");
    if (!isCut) return text;
    const lineEnd = text.indexOf("\n");
    return lineEnd < 0 ? "" : text.slice(lineEnd + 1);
  };
}

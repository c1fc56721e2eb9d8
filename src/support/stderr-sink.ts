import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { systemClock, unlessDone } from "./clock.ts";

/** What a reader that stands still may leave in memory, in bytes; later lines are dropped and counted. */
const MAX_PENDING_BYTES = 1024 * 1024;
const RETRY_MS = 20;
/** How long the process's end waits for a slow reader. */
const EXIT_BUDGET_MS = 1_000;

/**
 * A pipe's writer blocks when its reader stands still, and with it heartbeat and tasks. Opened anew it is non-blocking
 * without changing the descriptor that others share. Where that is impossible the blocking one has to do.
 */
function openWithoutBlocking(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/**
 * Writes lines to stderr at once, so that the last one before `process.exit` is not lost. Never throws: a closed stderr
 * loses the lines, a slow reader gets them later (until the process ends, and one second more), a reader that stands
 * still loses what exceeds one mebibyte and is told how many lines that were.
 */
export function stderrSink(fd = 2): (line: string) => void {
  const target = openWithoutBlocking(fd);
  const pending: Buffer[] = [];
  let pendingBytes = 0;
  let dropped = 0;
  let isWaiting = false;

  const drop = () => {
    pending.length = 0;
    pendingBytes = 0;
    dropped = 0;
  };

  /** Answers whether everything is written. */
  const flush = (): boolean => {
    for (let head = pending[0]; head !== undefined; head = pending[0]) {
      let written = 0;
      try {
        written = writeSync(target, head);
      } catch (error) {
        if (isBusy(error)) return false;
        drop();
        return true;
      }
      pendingBytes -= written;
      if (written < head.length) pending[0] = head.subarray(written);
      else pending.shift();
      if (pending.length === 0 && dropped > 0) {
        const notice = Buffer.from(`(${dropped} log lines were dropped: stderr was not read)\n`);
        dropped = 0;
        pending.push(notice);
        pendingBytes += notice.length;
      }
    }
    return true;
  };

  const flushLater = () => {
    if (isWaiting) return;
    isWaiting = true;
    unlessDone(RETRY_MS, () => {
      isWaiting = false;
      if (!flush()) flushLater();
    });
  };

  process.once("exit", () => {
    const deadline = systemClock.now() + EXIT_BUDGET_MS;
    while (!flush() && systemClock.now() < deadline) sleep(5);
  });

  return (line) => {
    const bytes = Buffer.from(line);
    if (pendingBytes + bytes.length > MAX_PENDING_BYTES) {
      dropped += 1;
    } else {
      pending.push(bytes);
      pendingBytes += bytes.length;
    }
    if (!flush()) flushLater();
  };
}

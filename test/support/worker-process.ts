import { join } from "node:path";
import { type Subprocess, spawn } from "bun";

/** How a test starts the worker. */
export interface WorkerOptions {
  /** The program and its first words, where it is not `workerCommand()`. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** Added to an environment that holds nothing but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Told of every line of stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

/** How a worker ended. */
export interface WorkerExit {
  /** 128+n for a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The worker as a process, the way a user runs it. */
export interface WorkerProcess {
  readonly pid: number;
  /** The lines of stderr so far. */
  readonly lines: readonly string[];
  /** The first line, from line `from` on, that matches. Rejects after `timeoutMs`, or when the worker ends before. */
  waitForLine(pattern: RegExp, timeoutMs?: number, from?: number): Promise<string>;
  kill(signal?: NodeJS.Signals): void;
  readonly exited: Promise<WorkerExit>;
  /** Ends it with SIGKILL where it still runs; for a test's clean-up. */
  [Symbol.asyncDispose](): Promise<void>;
}

const ROOT = join(import.meta.dir, "../..");

/** The command that runs the worker: the sources, or the binary that OZ_TEST_WORKER_BIN names. */
export function workerCommand(binary: string | undefined = process.env.OZ_TEST_WORKER_BIN): readonly string[] {
  return binary ? [binary] : [process.execPath, "run", join(ROOT, "src/main.ts")];
}

/** Starts the worker. Use `await using`, or call its disposer in the test's clean-up. */
export function startWorker(options: WorkerOptions = {}): WorkerProcess {
  const child = spawn([...(options.command ?? workerCommand()), ...(options.args ?? [])], {
    cwd: options.cwd ?? ROOT,
    env: cleanEnv(options.env),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  const stderr = collectLines(child.stderr, (line) => {
    lines.push(line);
    options.onLine?.(line);
    wake();
  });
  let ended = false;
  const exited = endOf(child, stderr).then((exit) => {
    ended = true;
    wake();
    return exit;
  });

  return {
    pid: child.pid,
    lines,
    exited,
    kill: (signal = "SIGTERM") => child.kill(signal),
    async waitForLine(pattern, timeoutMs = 20_000, from = 0) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const fail = (why: string) =>
        reject(
          new Error(`${why} without a line that matches ${pattern}; its last lines:\n${lines.slice(-15).join("\n")}`),
        );
      const look = () => {
        const found = lines.slice(from).find((line) => pattern.test(line));
        if (found !== undefined) resolve(found);
        else if (ended) fail("The worker ended");
      };
      const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs);
      waiting.add(look);
      look();
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(look);
      });
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Runs the worker to its end; for what ends by itself, such as `--help`. Killed after `timeoutMs`. */
export async function runWorker(options: WorkerOptions = {}, timeoutMs = 20_000): Promise<WorkerExit> {
  await using worker = startWorker(options);
  const timer = setTimeout(() => worker.kill("SIGKILL"), timeoutMs);
  const exit = await worker.exited;
  clearTimeout(timer);
  return exit;
}

function cleanEnv(added: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = "", HOME = "/", OZ_TEST_RUN } = process.env;
  // The run's mark lets scripts/test find a worker that a test forgot.
  return { PATH, HOME, ...(OZ_TEST_RUN === undefined ? {} : { OZ_TEST_RUN }), ...added };
}

async function endOf(child: Subprocess<"ignore", "pipe", "pipe">, stderr: Promise<string>): Promise<WorkerExit> {
  const [code, stdout, errors] = await Promise.all([child.exited, new Response(child.stdout).text(), stderr]);
  return { code, stdout, stderr: errors };
}

async function collectLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let rest = "";
  for await (const chunk of stream) {
    const piece = decoder.decode(chunk, { stream: true });
    text += piece;
    const parts = (rest + piece).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) onLine(line);
  }
  if (rest !== "") onLine(rest);
  return text;
}

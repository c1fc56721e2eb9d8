import { runCommandLine } from "./cli/run-command-line.ts";
import { localDockerSocket } from "./docker/endpoint/local-docker-socket.ts";
import { openTaskView } from "./docker/open-task-view.ts";
import { examine } from "./doctor/examine.ts";
import { accountHome } from "./host/account-home.ts";
import { reasonOf, runWorker } from "./run-worker.ts";
import { systemClock, unlessDone } from "./support/clock.ts";
import type { Log } from "./support/log.ts";
import { stderrSink } from "./support/stderr-sink.ts";

const stderr = stderrSink();

/** For what was asked and has not answered, once all is said. */
const LINGER_MS = 1_000;

/** Of one who looks: what is wrong is said by the command itself. */
const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT_LOG };

// Who reads only the first lines has what he wants: `oz-agent-worker ps | head -3`.
process.stdout.on("error", (error) => process.exit("code" in error && error.code === "EPIPE" ? 0 : 1));

function interrupted(): AbortSignal {
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => abort.abort());
  return abort.signal;
}

async function confirm(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  process.stderr.write(`${question} [y/N] `);
  for await (const line of console) return /^y(es)?$/i.test(line.trim());
  return false;
}

runCommandLine(process.argv.slice(2), {
  env: process.env,
  stdout: (text) => process.stdout.write(text),
  stderr,
  openTaskView: () =>
    openTaskView({ env: process.env, home: accountHome(process.env), clock: systemClock, log: SILENT_LOG }),
  examine: async (request) => {
    const findings = await examine(request, { env: process.env, home: accountHome(process.env), clock: systemClock });
    // What hangs is said by then, and may hang on.
    unlessDone(LINGER_MS, () => process.exit());
    return findings;
  },
  interrupted,
  confirm,
  dockerSocket: () => localDockerSocket({ env: process.env, home: accountHome(process.env) }),
  startWorker: (resolved, readAgain) => runWorker(resolved, readAgain, stderr),
}).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`the worker could not start on a defect of its own: ${reasonOf(error)}\n`);
    process.exit(1);
  },
);

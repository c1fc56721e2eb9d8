import type { WorkerConfig } from "./config/worker-config.ts";
import { startDaemon } from "./daemon.ts";
import { accountHome } from "./host/account-home.ts";
import { listenToSignals } from "./host/signals.ts";
import { createLog } from "./support/create-log.ts";
import { createRedactor } from "./support/redaction.ts";

/**
 * Makes this process the worker: its log, its signals, its end. Resolves once the worker is up; the process then lives
 * until a signal ends it, with exit code 0, or with 1 where the worker cannot run here.
 */
export async function runWorker(
  config: WorkerConfig,
  notices: readonly string[],
  write: (line: string) => void,
): Promise<void> {
  const log = createLog({
    level: config.logLevel,
    write,
    terminal: process.stderr.isTTY === true,
    redact: createRedactor([config.apiKey]),
  });
  for (const notice of notices) log.warn(notice);
  // Half alive a worker is worth nothing: its tasks run on without it, and the next start takes them over.
  for (const event of ["unhandledRejection", "uncaughtException"] as const) {
    process.on(event, (error: unknown) => {
      log.error("the worker ends on a defect of its own; its tasks run on, and the next start takes them over", {
        event,
        reason: reasonOf(error),
      });
      process.exit(1);
    });
  }

  let stopping = false;
  let shutDown: ((signal: string) => Promise<void>) | undefined;
  const end = (signal: NodeJS.Signals) => {
    if (stopping || shutDown === undefined) {
      log.warn(stopping ? `${signal} received again: ending at once` : `${signal} received: ending before the start`);
      process.exit(stopping ? 1 : 0);
    }
    stopping = true;
    shutDown(signal).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error("the shutdown broke off", { reason: reasonOf(error) });
        process.exit(1);
      },
    );
  };
  listenToSignals({ end, nothing: (signal) => log.info(`${signal} received: it means nothing to this worker`) });

  const giveUp = (problem: string) => {
    // What is left of a shutdown needs no Docker daemon.
    if (stopping) return;
    log.error("the worker ends; its tasks run on, and the next start takes them over", { reason: problem });
    process.exit(1);
  };

  const started = await startDaemon(config, { env: process.env, home: accountHome(process.env), giveUp }, log);
  if (started.kind === "failed") {
    log.error(started.problem);
    process.exit(1);
  }
  shutDown = (signal) => started.daemon.shutDown(signal);
}

/** What was thrown, on one line of a log. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

import { readApiKeyFile } from "./config/api-key.ts";
import { reloaded } from "./config/reload.ts";
import type { Resolved } from "./config/resolve.ts";
import type { WorkerConfig } from "./config/worker-config.ts";
import { type Daemon, type Reload, startDaemon } from "./daemon.ts";
import { accountHome } from "./host/account-home.ts";
import { logStyle, standardError } from "./host/log-style.ts";
import { listenToSignals } from "./host/signals.ts";
import { createLog } from "./support/create-log.ts";
import { createRedactor } from "./support/redaction.ts";
import { signalAction } from "./worker/signal-actions.ts";

/**
 * Makes this process the worker: its log, its signals, its end. Resolves once the worker is up; the process then lives until
 * a signal or the operator's settings end it, with exit code 0, or with 1 where the worker cannot run here. `readAgain` reads
 * flags, file and environment anew.
 */
export async function runWorker(
  resolved: { readonly config: WorkerConfig; readonly notices: readonly string[] },
  readAgain: () => Resolved,
  write: (line: string) => void,
): Promise<void> {
  let config = resolved.config;
  let redact = createRedactor([config.apiKey]);
  /** The key to dial with. One in a file may have been renewed; where that cannot be read the one of before holds. */
  function apiKey(): string {
    const { apiKeyFile } = config;
    const read = apiKeyFile === undefined ? undefined : readApiKeyFile(apiKeyFile);
    if (read?.ok === false)
      log.warn("the API key cannot be read anew; the one of before is used", { problem: read.problem });
    if (read?.ok === true && read.value !== config.apiKey) {
      redact = createRedactor([resolved.config.apiKey, config.apiKey, read.value]);
      config = { ...config, apiKey: read.value };
    }
    return config.apiKey;
  }
  const log = createLog({
    level: () => config.logLevel,
    write,
    style: logStyle(config.logFormat, standardError()),
    redact: (text) => redact(text),
  });
  for (const notice of resolved.notices) log.warn(notice);
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

  /** Reads the settings anew; what is wrong with them changes nothing. */
  function reload(): Reload {
    const read = readAgain();
    if (read.kind === "problems") {
      for (const problem of read.lines) log.error("the settings stay as they are", { problem });
      return { isDone: false, lines: read.lines };
    }
    for (const notice of read.notices) log.warn(notice);
    const { config: next, changed, needRestart } = reloaded(config, read.config);
    config = next;
    daemon?.settingsChanged();
    log.info("settings read anew", { changed: changed.join(" ") || "nothing" });
    const lines = [changed.length === 0 ? "nothing has changed" : `changed: ${changed.join(", ")}`];
    if (needRestart.length > 0) {
      log.warn("settings that take a restart are written otherwise by now", { settings: needRestart.join(", ") });
      lines.push(`takes a restart: ${needRestart.join(", ")}`);
    }
    return { isDone: true, lines };
  }

  let daemon: Daemon | undefined;
  listenToSignals((signal) => {
    const action = signalAction(signal, daemon?.ending(), config.onStop);
    if (action.kind === "nothing") log.info(`${signal} received: it means nothing to this worker now`);
    else if (daemon === undefined) {
      if (action.kind === "reload") return;
      log.warn(`${signal} received: ending before the start`);
      process.exit(0);
    } else if (action.kind === "reload") daemon.reload();
    else if (action.kind === "end") daemon.end(action.how, `${signal} received`);
    else {
      log.warn(`${signal} received again: ending at once`);
      process.exit(1);
    }
  });

  const giveUp = (problem: string) => {
    // What is left of a shutdown needs no Docker daemon.
    if (daemon?.ending() === "stop") return;
    log.error("the worker ends; its tasks run on, and the next start takes them over", { reason: problem });
    process.exit(1);
  };

  const around = { env: process.env, home: accountHome(process.env), giveUp, reload, apiKey };
  const started = await startDaemon(() => config, around, log);
  if (started.kind === "failed") {
    log.error(started.problem);
    process.exit(1);
  }
  daemon = started.daemon;
  void daemon.ended.then(() => process.exit(0));
}

/** What was thrown, on one line of a log. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

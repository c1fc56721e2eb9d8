import { parseCommandLine } from "./cli.ts";
import { startDaemon } from "./daemon.ts";
import { checkHealth } from "./health/check-health.ts";
import { createLog } from "./support/create-log.ts";
import { createRedactor } from "./support/redaction.ts";
import { stderrSink } from "./support/stderr-sink.ts";

/** Exit codes: 0 done, 1 the worker cannot run here or is not healthy, 2 the command line or the config file is wrong. */
async function main(): Promise<void> {
  const action = parseCommandLine(process.argv.slice(2), process.env);
  if (action.kind === "print") {
    process.stdout.write(action.text);
    return;
  }
  if (action.kind === "health") {
    const { healthy, line } = await checkHealth({ workerId: action.workerId });
    (healthy ? process.stdout : process.stderr).write(`${line}\n`);
    process.exitCode = healthy ? 0 : 1;
    return;
  }
  const write = stderrSink();
  if (action.kind === "refuse") {
    for (const line of action.lines) write(`${line}\n`);
    process.exitCode = 2;
    return;
  }

  const { config, notices } = action;
  const log = createLog({
    level: config.logLevel,
    write,
    terminal: process.stderr.isTTY === true,
    redact: createRedactor([config.apiKey]),
  });
  for (const notice of notices) log.warn(notice);
  // A defect somewhere must not take the running tasks with it.
  for (const event of ["unhandledRejection", "uncaughtException"] as const) {
    process.on(event, (error: unknown) => {
      log.error("a defect of the worker was survived", { event, reason: reasonOf(error) });
    });
  }

  let stopping = false;
  let shutDown: ((signal: string) => Promise<void>) | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
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
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);

  const started = await startDaemon(config, { env: process.env, home: process.env.HOME }, log);
  if (started.kind === "failed") {
    log.error(started.problem);
    process.exit(1);
  }
  shutDown = (signal) => started.daemon.shutDown(signal);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

main().catch((error: unknown) => {
  process.stderr.write(`the worker could not start on a defect of its own: ${reasonOf(error)}\n`);
  process.exit(1);
});

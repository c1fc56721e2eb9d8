import { version } from "../package.json";
import { composeWorker } from "./compose-worker.ts";
import type { WorkerConfig } from "./config/worker-config.ts";
import { createDialOptions } from "./control-plane/network-options.ts";
import type { LinkState } from "./control-plane/oz-link.ts";
import { createSetupEvents } from "./control-plane/setup-events.ts";
import { openDocker } from "./docker/open-docker.ts";
import { findServiceManager } from "./host/service-manager.ts";
import { answerHealth } from "./operator/health.ts";
import { liveProblems, PING_LIMIT_MS } from "./operator/live-problems.ts";
import { serveOperator } from "./operator/serve-operator.ts";
import { operatorAnswers } from "./operator-answers.ts";
import { buildCommit } from "./support/build-commit.ts";
import { pause, systemClock } from "./support/clock.ts";
import type { Log } from "./support/log.ts";
import { messageOf } from "./support/message-of.ts";
import { USER_AGENT } from "./support/user-agent.ts";
import type { Ending } from "./worker/life-cycle.ts";

/** For an ssh tunnel; what is left of it then ends with the process. */
const CLOSE_LIMIT_MS = 400;

/** The process's surroundings. */
export interface DaemonEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  /** Ends the process where it can do nothing for its tasks any more; the line says why. */
  readonly giveUp: (problem: string) => void;
  readonly reload: () => Reload;
  /** The key to dial with, asked before each dial. */
  readonly apiKey: () => string;
}

/** What came of reading the settings anew, a line each; not done, they stay as they are. */
export interface Reload {
  readonly isDone: boolean;
  readonly lines: readonly string[];
}

/** A worker that is up. */
export interface Daemon {
  /** Begins an end, for which `why` is the reason; `false` where it is ending so, or harder, already. */
  end(how: Ending, why: string): boolean;
  /** How it is ending, if it is. */
  ending(): Ending | undefined;
  /** Reads the settings anew, and tells the service manager. */
  reload(): Reload;
  /** The settings are other ones. */
  settingsChanged(): void;
  /** Resolves when it has ended and nothing is left to do. */
  readonly ended: Promise<void>;
}

const ENDING_STATUS: Readonly<Record<Ending, string>> = {
  drain: "Draining: waiting for the running tasks",
  detach: "Ending; the tasks run on",
  stop: "Shutting down",
};

function linkStatus({ connected, reason }: LinkState): string {
  if (connected) return "Connected to Oz, listening for tasks";
  return reason === undefined ? "Connecting to Oz" : `Not connected to Oz: ${reason}`;
}

/** Either a worker that is up, or the one line that says why there is none. */
export type DaemonStart =
  | { readonly kind: "up"; readonly daemon: Daemon }
  | { readonly kind: "failed"; readonly problem: string };

/** Finds the Docker daemon, puts the parts together and dials Oz. */
export async function startDaemon(
  configured: () => WorkerConfig,
  around: DaemonEnvironment,
  log: Log,
): Promise<DaemonStart> {
  const clock = systemClock;
  const config = configured();
  const opening = await openDocker(
    {
      workerId: config.workerId,
      apiKey: config.apiKey,
      pullPolicy: () => configured().imagePullPolicy,
      keeping: configured,
      plainEnvironment: () => configured().plainEnvironment,
    },
    { env: around.env, home: around.home, giveUp: around.giveUp, clock, log },
  );
  if (opening.kind === "failed") return opening;
  const { docker } = opening;
  const { workerId, maxConcurrentTasks, volumes, onStop, configFile } = config;
  log.info(`oz-agent-worker ${version}`, {
    commit: buildCommit,
    worker: workerId,
    tasks: maxConcurrentTasks === 0 ? "unlimited" : maxConcurrentTasks,
    volumes: volumes.length,
    onStop,
    file: configFile,
  });
  const manager = await findServiceManager({ env: around.env, pid: process.pid, clock, log });
  const composed = composeWorker(configured, {
    docker,
    link: {
      onState: (state) => manager.status(linkStatus(state)),
      dialOptions: createDialOptions({ url: config.webSocketUrl, log, env: around.env }),
    },
    apiKey: around.apiKey,
    onEnding: (how) => manager.stopping(ENDING_STATUS[how]),
    setupEvents: createSetupEvents({
      serverRootUrl: config.serverRootUrl,
      userAgent: USER_AGENT,
      dialOptions: createDialOptions({ url: config.serverRootUrl, log, env: around.env }),
      clock,
      log,
    }),
    clock,
    log,
  });

  // Before Oz hands out anything: what is taken over counts, and is known as here.
  await composed.recover();
  manager.status("Connecting to Oz");
  composed.start();
  const problems = () =>
    liveProblems({
      ending: () => composed.life.ending(),
      link: () => composed.link.state(),
      pingDaemon: () => docker.ping(PING_LIMIT_MS),
      now: () => clock.now(),
    });
  const reload = () => {
    manager.reloading();
    const came = around.reload();
    manager.reloaded();
    return came;
  };
  const dockerProblem = () => docker.ping(PING_LIMIT_MS).then(() => undefined, messageOf);
  const sources = { composed, configured, dockerProblem, disk: () => docker.disk(), reload, clock };
  const answering = [answerHealth(problems), ...operatorAnswers(sources)];
  const operator = serveOperator({ workerId: config.workerId, answering, clock, log });
  // Up, though Oz may be away for hours: a restart would not bring it back, and the tasks here need this process.
  manager.ready();
  const ended = composed.life.ended.then(async () => {
    await Promise.race([docker.close(), pause(clock, CLOSE_LIMIT_MS)]);
    log.info("stopped");
    operator.stop();
    manager.close();
  });
  return {
    kind: "up",
    daemon: {
      end: (how, why) => composed.life.end(how, why),
      ending: () => composed.life.ending(),
      reload,
      settingsChanged: () => composed.life.counted(),
      ended,
    },
  };
}

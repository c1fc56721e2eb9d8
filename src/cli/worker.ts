import { name, version } from "../../package.json";
import { DURATION_TAKES } from "../config/duration.ts";
import { ENVIRONMENT_TAKES } from "../config/environment-entry.ts";
import { type GivenFlags, resolveConfig } from "../config/resolve.ts";
import {
  COUNT_TAKES,
  LOG_FORMAT_TAKES,
  LOG_LEVEL_TAKES,
  ON_STOP_TAKES,
  TASKS_TAKES,
  WORKER_ID_TAKES,
} from "../config/setting-values.ts";
import { VOLUME_TAKES } from "../config/volume.ts";
import { DEFAULTS } from "../config/worker-config.ts";
import { buildCommit } from "../support/build-commit.ts";
import { cancel } from "./cancel.ts";
import { type Command, refuse } from "./command.ts";
import { completionCommand } from "./completion.ts";
import { configCommand } from "./config.ts";
import { define } from "./define.ts";
import { createDoctor } from "./doctor.ts";
import { detach, drain, reload } from "./end.ts";
import { type Flag, HELP_FLAG } from "./flag.ts";
import { health } from "./health.ts";
import { history } from "./history.ts";
import { inspect } from "./inspect.ts";
import { logs } from "./logs.ts";
import { pause, resume } from "./pause.ts";
import { ps } from "./ps.ts";
import { status } from "./status.ts";

const args = {
  "api-key": {
    type: "string",
    valueHint: "KEY",
    takes: "the team API key",
    group: "Required",
    description:
      "team API key; WARP_API_KEY in the environment is the better place, since other users of a machine can see flags",
  },
  "worker-id": {
    type: "string",
    valueHint: "ID",
    takes: WORKER_ID_TAKES,
    group: "Required",
    description:
      "name that tasks are routed by (oz agent run-cloud --host ID), here or in the config file; names that start with warp are reserved",
  },
  volumes: {
    type: "string",
    alias: "v",
    valueHint: "HOST:CONTAINER[:MODE]",
    takes: VOLUME_TAKES,
    group: "Tasks",
    description:
      "mount a host folder or Docker volume into every task; MODE is ro, rw or other options of Docker, comma-separated; repeatable, added after the file's",
  },
  env: {
    type: "string",
    alias: "e",
    valueHint: "KEY[=VALUE]",
    takes: ENVIRONMENT_TAKES,
    group: "Tasks",
    description:
      "set a variable in every task; KEY alone hands on the worker's own value; repeatable, wins over the file's entry of that name",
  },
  "max-concurrent-tasks": {
    type: "string",
    valueHint: "N",
    takes: COUNT_TAKES,
    group: "Tasks",
    description: `tasks at once; Oz keeps the others queued (default ${DEFAULTS.maxConcurrentTasks}: unlimited)`,
  },
  "idle-on-complete": {
    type: "string",
    valueHint: "DURATION",
    takes: DURATION_TAKES,
    group: "Tasks",
    description: "how long the agent stays for follow-ups, such as 10m, 1h30m or 0s (default: the agent's own, 45m)",
  },
  cleanup: {
    type: "boolean",
    group: "Tasks",
    description: "remove containers after their task (the default; undoes cleanup: false of the config file)",
    negativeDescription: "keep containers after their task, to look into them",
  },
  "keep-failed": {
    type: "string",
    valueHint: "DURATION",
    takes: DURATION_TAKES,
    group: "Tasks",
    description: "keep the containers of failed tasks for so long, to look into them (default 0s)",
  },
  "on-stop": {
    type: "string",
    valueHint: "WHAT",
    takes: ON_STOP_TAKES,
    group: "Life cycle",
    description: `what the first SIGTERM or SIGINT does: stop the tasks, drain (wait for them) or detach (leave them running for the next worker of this id) (default ${DEFAULTS.onStop})`,
  },
  "drain-timeout": {
    type: "string",
    valueHint: "DURATION",
    takes: DURATION_TAKES,
    group: "Life cycle",
    description: "stop the tasks that are still running so long after a drain began (default: wait for them)",
  },
  "one-shot": { type: "boolean", group: "Life cycle", description: "run one task and end: --max-tasks 1" },
  "max-tasks": {
    type: "string",
    valueHint: "N",
    takes: TASKS_TAKES,
    group: "Life cycle",
    description: "take so many tasks, and end when they have ended",
  },
  "exit-when-idle": {
    type: "string",
    valueHint: "DURATION",
    takes: DURATION_TAKES,
    group: "Life cycle",
    description: "end after so long without a task",
  },
  "max-uptime": {
    type: "string",
    valueHint: "DURATION",
    takes: DURATION_TAKES,
    group: "Life cycle",
    description: "take no more tasks after so long, and end when those that run have ended",
  },
  "config-file": {
    type: "string",
    valueHint: "PATH",
    takes: "the path of a YAML file",
    group: "Worker",
    description: "YAML file with the same settings; flags win over it",
  },
  backend: {
    type: "string",
    valueHint: "NAME",
    takes: "docker",
    group: "Worker",
    description: "where tasks run: docker, the only one built here (default docker)",
  },
  "log-level": {
    type: "string",
    valueHint: "LEVEL",
    takes: LOG_LEVEL_TAKES,
    group: "Worker",
    description: `${LOG_LEVEL_TAKES} (default ${DEFAULTS.logLevel})`,
  },
  "log-format": {
    type: "string",
    valueHint: "FORMAT",
    takes: LOG_FORMAT_TAKES,
    group: "Worker",
    description: `${LOG_FORMAT_TAKES}; auto is for people on a terminal, one plain line an event elsewhere (default ${DEFAULTS.logFormat})`,
  },
  "web-socket-url": { type: "string", takes: "a ws:// or wss:// address", hidden: true },
  "server-root-url": { type: "string", takes: "an http:// or https:// address", hidden: true },
  "session-sharing-server-url": {
    type: "string",
    takes: "a ws://, wss://, http:// or https:// address",
    hidden: true,
  },
  help: HELP_FLAG,
  version: { type: "boolean", group: "Information", description: "show the version and exit" },
} as const satisfies Record<keyof GivenFlags | "help" | "version", Flag>;

/** The program itself: without a command it is the worker. */
export const worker: Command = define({
  meta: {
    name,
    version: `${version}${buildCommit === undefined ? "" : ` (commit ${buildCommit})`}`,
    description: "runs Oz cloud agents on this machine, each task in a Docker container of its own",
  },
  args,
  subCommands: {
    status,
    ps,
    logs,
    inspect,
    history,
    pause,
    resume,
    drain,
    detach,
    reload,
    cancel,
    health,
    doctor: createDoctor(args),
    config: configCommand(args),
    completion: completionCommand(() => worker),
  },
  help: {
    synopsis: "[flags]",
    about: ["Flags win over the config file, which wins over the defaults."],
    environment: [
      ["WARP_API_KEY", "team API key, without --api-key"],
      ["WARP_API_KEY_FILE", "a file that holds it, read again at each dial"],
      ["DOCKER_HOST", "Docker daemon: unix://, tcp:// or ssh://"],
      ["DOCKER_CONTEXT", "Docker context, without DOCKER_HOST"],
      ["DOCKER_CONFIG", "folder of Docker's contexts and logins"],
      ["DOCKER_TLS_VERIFY, DOCKER_CERT_PATH", "TLS to the daemon, as for the Docker CLI"],
      ["DOCKER_API_VERSION", "pins the version of Docker's API"],
      ["SSL_CERT_FILE, NODE_EXTRA_CA_CERTS", "PEM files with authorities of your own"],
      ["HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "the way out to Oz"],
    ],
    examples: [
      [
        "Key from the environment, four tasks at a time, a cache shared by all",
        [
          "export WARP_API_KEY=...",
          `${name} --worker-id prod-runner-1 --max-concurrent-tasks 4 \\`,
          "  -v /opt/cache:/cache",
        ],
      ],
      [
        "Settings from a file, one more variable handed on from this environment",
        [`${name} --config-file worker.yaml -e NPM_TOKEN`],
      ],
      ["Could a worker work here? Before one is enrolled", [`${name} doctor --worker-id prod-runner-1`]],
      ["Is the worker here connected, and does its Docker daemon answer?", [`${name} health`]],
    ],
    exitCodes: [
      [0, "ended in order: by a signal, a command or its settings"],
      [1, "cannot run here (no Docker daemon), or was ended at once"],
      [2, "bad flags or config file"],
    ],
  },
  async run(values, around) {
    const read = () => resolveConfig(values, around.env, around.readFile);
    const resolved = read();
    if (resolved.kind === "problems") return refuse(resolved.lines, around);
    await around.startWorker(resolved, read);
    return undefined;
  },
});

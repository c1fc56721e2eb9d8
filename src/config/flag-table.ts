import { DURATION_TAKES } from "./duration.ts";
import { ENVIRONMENT_TAKES } from "./environment-entry.ts";
import { COUNT_TAKES, LOG_LEVEL_TAKES, WORKER_ID_TAKES } from "./setting-values.ts";
import { VOLUME_TAKES } from "./volume.ts";
import { DEFAULTS } from "./worker-config.ts";

/** Groups of the help, in its order. */
export const FLAG_GROUPS = ["Required", "Tasks", "Worker", "Information"] as const;

/** One flag, as it is parsed, as errors speak of it, and as the help shows it. */
export interface Flag {
  readonly short?: string;
  /** What it takes, for error lines; absent for a switch. */
  readonly takes?: string;
  /** What stands for the value in the help. */
  readonly placeholder?: string;
  /** Absent: a hidden flag. */
  readonly group?: (typeof FLAG_GROUPS)[number];
  readonly help: readonly string[];
}

/** Every flag, in the order of the help. */
export const FLAGS = {
  "api-key": {
    takes: "the team API key",
    placeholder: "KEY",
    group: "Required",
    help: [
      "team API key; WARP_API_KEY in the environment is the better place,",
      "since other users of a machine can see flags",
    ],
  },
  "worker-id": {
    takes: WORKER_ID_TAKES,
    placeholder: "ID",
    group: "Required",
    help: [
      "name that tasks are routed by (oz agent run-cloud --host ID), here or",
      "in the config file; names that start with warp are reserved",
    ],
  },
  volumes: {
    short: "v",
    takes: VOLUME_TAKES,
    placeholder: "HOST:CONTAINER[:MODE]",
    group: "Tasks",
    help: [
      "mount a host folder or Docker volume into every task; MODE is ro, rw",
      "or other options of Docker, comma-separated; repeatable, added after",
      "the file's",
    ],
  },
  env: {
    short: "e",
    takes: ENVIRONMENT_TAKES,
    placeholder: "KEY[=VALUE]",
    group: "Tasks",
    help: [
      "set a variable in every task; KEY alone hands on the worker's own value;",
      "repeatable, wins over the file's entry of that name",
    ],
  },
  "max-concurrent-tasks": {
    takes: COUNT_TAKES,
    placeholder: "N",
    group: "Tasks",
    help: ["tasks at once; Oz keeps the others queued (default 0: unlimited)"],
  },
  "idle-on-complete": {
    takes: DURATION_TAKES,
    placeholder: "DURATION",
    group: "Tasks",
    help: ["how long the agent stays for follow-ups, such as 10m, 1h30m or 0s", "(default: the agent's own, 45m)"],
  },
  "no-cleanup": {
    group: "Tasks",
    help: [
      "keep containers after their task, to look into them (default: they are",
      "removed); --cleanup undoes cleanup: false of the file",
    ],
  },
  cleanup: { help: [] },
  "config-file": {
    takes: "the path of a YAML file",
    placeholder: "PATH",
    group: "Worker",
    help: ["YAML file with the same settings; flags win over it"],
  },
  backend: {
    takes: "docker",
    placeholder: "NAME",
    group: "Worker",
    help: ["where tasks run: docker, the only one built here (default docker)"],
  },
  "log-level": {
    takes: LOG_LEVEL_TAKES,
    placeholder: "LEVEL",
    group: "Worker",
    help: [`${LOG_LEVEL_TAKES} (default ${DEFAULTS.logLevel})`],
  },
  "web-socket-url": { takes: "a ws:// or wss:// address", help: [] },
  "server-root-url": { takes: "an http:// or https:// address", help: [] },
  "session-sharing-server-url": { takes: "a ws://, wss://, http:// or https:// address", help: [] },
  help: { short: "h", group: "Information", help: ["show this and exit"] },
  version: { group: "Information", help: ["show the version and exit"] },
} as const satisfies Readonly<Record<string, Flag>>;

export type FlagName = keyof typeof FLAGS;

/** Every flag with its name; the type is the plain one. */
export const FLAG_LIST: readonly (Flag & { readonly name: string })[] = Object.entries(FLAGS).map(([name, flag]) => ({
  name,
  ...flag,
}));

/** True if `name`, without dashes, is a flag of this worker. */
export function isFlagName(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}

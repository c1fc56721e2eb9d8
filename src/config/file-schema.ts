import * as v from "valibot";
import { DURATION_TAKES, parseDuration, parseTime } from "./duration.ts";
import {
  environmentNameProblem,
  environmentValueProblem,
  forbiddenEntryProblem,
  parseVariableName,
} from "./environment-entry.ts";
import { IMAGE_TAKES, parseImageName } from "./image-name.ts";
import { IMAGE_PULL_POLICY_TAKES, parseImagePullPolicy } from "./image-pull-policy.ts";
import type { Parsed } from "./parsed.ts";
import {
  COUNT_TAKES,
  LARGEST_COUNT,
  LOG_FORMAT_TAKES,
  LOG_LEVEL_TAKES,
  ON_STOP_TAKES,
  parseLogFormat,
  parseLogLevel,
  parseOnStop,
  parseWorkerId,
  TASKS_TAKES,
  WORKER_ID_TAKES,
} from "./setting-values.ts";
import { oneLine } from "./shown.ts";
import { parseVolume, VOLUME_TAKES } from "./volume.ts";

/** The kind of a value, never the value itself: it may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return "a number";
  if (typeof value === "boolean") return "true or false";
  return typeof value === "string" ? "text" : "a mapping";
}

/** `takes X, not Y`; where text is wanted and a number stands there, the way out is quotes. */
export function wrongKind(takes: string, value: unknown): string {
  const quotes = takes.includes("in quotes") || typeof value === "object" || typeof value === "string";
  return `takes ${takes}, not ${kindOf(value)}${quotes ? "" : "; put it in quotes"}`;
}

/** Text that one of the small parsers takes; its problem becomes the issue's message. */
function text<T>(takes: string, parse: (text: string) => Parsed<T>) {
  return v.pipe(
    v.string((issue) => wrongKind(takes, issue.input)),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const result = parse(dataset.value);
      if (result.ok) return result.value;
      addIssue({ message: result.problem });
      return NEVER;
    }),
  );
}

/** A key that may be left out, and what it means: for error lines the small parsers speak, for editors this. */
function key<Schema extends v.GenericSchema>(description: string, schema: Schema) {
  return v.pipe(v.nullish(schema), v.description(description));
}

function list<Item extends v.GenericSchema>(item: Item, takes: string) {
  return v.array(item, (issue) => `takes ${takes}, not ${kindOf(issue.input)}`);
}

/** A mapping of these keys. That it is no list and holds no other keys is looked at by `structureProblems`. */
function mapping<Entries extends v.ObjectEntries>(entries: Entries) {
  return v.object(entries, (issue) =>
    issue.expected === '"name"'
      ? "is missing; it takes the variable's name"
      : `takes a mapping (key: value), not ${kindOf(issue.input)}`,
  );
}

const EnvironmentItem = v.pipe(
  mapping({
    name: v.pipe(
      v.string((issue) =>
        issue.input == null
          ? "is missing; it takes the variable's name"
          : wrongKind("the variable's name", issue.input),
      ),
      v.check(
        (name) => environmentNameProblem(name) === undefined,
        (issue) => `${environmentNameProblem(issue.input) ?? "is wrong"}; it takes the variable's name`,
      ),
    ),
    value: v.nullish(
      v.pipe(
        v.string((issue) => wrongKind("text", issue.input)),
        v.check((value) => environmentValueProblem(value) === undefined, "has a value with a NUL character"),
      ),
    ),
  }),
  v.check(
    (item) => forbiddenEntryProblem(item.name, item.value ?? undefined) === undefined,
    (issue) => forbiddenEntryProblem(issue.input.name, issue.input.value ?? undefined) ?? "is wrong",
  ),
);

const DockerBackend = mapping({
  default_image: key("image of a task that names none; ubuntu:22.04 unless set", text(IMAGE_TAKES, parseImageName)),
  sidecar_image: key(
    "takes the place of the assigned sidecar image, where there is one",
    text(IMAGE_TAKES, parseImageName),
  ),
  image_pull_policy: key(
    `${IMAGE_PULL_POLICY_TAKES}; of the task's image and all sidecars; Always unless set`,
    text(IMAGE_PULL_POLICY_TAKES, parseImagePullPolicy),
  ),
  volumes: key(
    "folders of the host and volumes, mounted into every task: HOST:CONTAINER[:MODE]",
    v.pipe(
      list(text(VOLUME_TAKES, parseVolume), "a list of HOST:CONTAINER[:MODE]"),
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed) return;
        const { value: volumes } = dataset;
        for (const [key, value] of volumes.entries()) {
          const first = volumes.findIndex(({ containerPath }) => containerPath === value.containerPath);
          if (first === key) continue;
          const message = `mounts ${oneLine(value.containerPath)}, and so does volumes[${first}]; a container path takes one volume`;
          addIssue({ message, path: [{ type: "array", origin: "value", input: volumes, key, value }] });
        }
      }),
    ),
  ),
  environment: key(
    "variables of every task; without a value one is inherited from the worker's environment",
    list(EnvironmentItem, "a list of entries with name and value"),
  ),
  plain_environment: key(
    "names of variables whose values are no secrets: the log shows them",
    list(text("the variable's name", parseVariableName), "a list of names of variables"),
  ),
});

/** A time that the worker keeps, in milliseconds. */
const time = (leastMs: number) => text(`${DURATION_TAKES} in quotes`, (written) => parseTime(written, leastMs));

function count(takes: string, least: number) {
  return v.pipe(
    v.number((issue) => `takes ${takes}, without quotes, not ${kindOf(issue.input)}`),
    v.integer(`takes ${takes}, at most ${LARGEST_COUNT}`),
    v.check(
      (given) => !Number.isInteger(given) || (given >= least && given <= LARGEST_COUNT),
      `takes ${takes}, at most ${LARGEST_COUNT}`,
    ),
  );
}

const Backend = mapping({ docker: key("where tasks run", DockerBackend) });

/** The config file; a key without a value counts as absent. */
export const WorkerFile = mapping({
  worker_id: key("name that tasks are routed by (oz agent run-cloud --host ID)", text(WORKER_ID_TAKES, parseWorkerId)),
  log_level: key(`${LOG_LEVEL_TAKES}; info unless set`, text(LOG_LEVEL_TAKES, parseLogLevel)),
  log_format: key(`${LOG_FORMAT_TAKES}; auto unless set`, text(LOG_FORMAT_TAKES, parseLogFormat)),
  cleanup: key(
    "false keeps containers after their task",
    v.boolean((issue) => `takes true or false without quotes, not ${kindOf(issue.input)}`),
  ),
  keep_failed: key("how long the containers of failed tasks are kept, such as 24h; 0s unless set", time(0)),
  max_concurrent_tasks: key("tasks at once; 0, unless set, is unlimited", count(COUNT_TAKES, 0)),
  on_stop: key(
    "what the first SIGTERM or SIGINT does: stop the tasks, drain (wait for them) or detach (leave them running for the next worker of this id); stop unless set",
    text(ON_STOP_TAKES, parseOnStop),
  ),
  drain_timeout: key("stop the tasks that still run so long after a drain began; never unless set", time(0)),
  max_tasks: key("take so many tasks, and end when they have ended", count(TASKS_TAKES, 1)),
  exit_when_idle: key("end after so long without a task", time(1_000)),
  max_uptime: key("take no more tasks after so long, and end when those that run have ended", time(1_000)),
  idle_on_complete: key(
    "how long the agent stays for follow-ups, such as 10m; the agent's own 45m unless set",
    text(`${DURATION_TAKES} in quotes`, parseDuration),
  ),
  backend: key("where tasks run; at most one", Backend),
});
export type WorkerFile = v.InferOutput<typeof WorkerFile>;

/** The keys that each mapping of the file takes. */
export const FILE_KEYS = {
  top: Object.keys(WorkerFile.entries),
  backend: Object.keys(Backend.entries),
  docker: Object.keys(DockerBackend.entries),
  environment: ["name", "value"],
} as const;

import * as v from "valibot";
import type { TaskDetails, TaskOnDaemon } from "../../operator/task-view.ts";
import type { Clock } from "../../support/clock.ts";
import { escapeUnprintable, shorten } from "../../support/printable.ts";
import type { Engine } from "../engine/engine.ts";
import { enginePath } from "../engine/engine-path.ts";
import { createFrameReader } from "./read-frames.ts";

const Details = v.object({
  State: v.object({ OOMKilled: v.boolean(), StartedAt: v.string(), FinishedAt: v.string() }),
  Config: v.object({ Env: v.nullish(v.array(v.string()), []) }),
  HostConfig: v.object({
    NanoCpus: v.nullish(v.number(), 0),
    Memory: v.nullish(v.number(), 0),
    PidsLimit: v.nullish(v.number(), 0),
  }),
  Mounts: v.nullish(
    v.array(
      v.object({
        Type: v.string(),
        Name: v.optional(v.string()),
        Source: v.optional(v.string(), ""),
        Destination: v.string(),
        RW: v.boolean(),
      }),
    ),
    [],
  ),
});
const Top = v.object({
  Titles: v.nullish(v.array(v.string()), []),
  Processes: v.nullish(v.array(v.array(v.string())), []),
});

const LIMIT_MS = 3_000;
const MAX_PROCESSES = 50;
const MAX_MOUNT = 300;
/** What Docker says of a moment that has not come. */
const NEVER = "0001-01-01T00:00:00Z";

/** All that people are told of a container. Rejects with an `EngineError`. */
export async function detailsOf(engine: Engine, clock: Clock, task: TaskOnDaemon): Promise<TaskDetails> {
  const id = task.containerId;
  const path = enginePath`/containers/${id}/json`;
  const [details, processes, lastOutputMs] = await Promise.all([
    engine.call({ method: "GET", path, limitMs: LIMIT_MS }, Details),
    task.state === "running" ? processesOf(engine, id).catch(() => []) : [],
    lastOutput(engine, clock, id).catch(() => undefined),
  ]);
  const { State, HostConfig, Config, Mounts } = details;
  const { NanoCpus, Memory, PidsLimit } = HostConfig;
  return {
    ...task,
    ...(State.StartedAt === NEVER ? {} : { startedAt: State.StartedAt }),
    ...(State.FinishedAt === NEVER ? {} : { finishedAt: State.FinishedAt }),
    outOfMemory: State.OOMKilled,
    ...(lastOutputMs === undefined ? {} : { lastOutputMs }),
    limits: {
      ...(NanoCpus > 0 ? { cpus: NanoCpus / 1e9 } : {}),
      ...(Memory > 0 ? { memory: Memory } : {}),
      ...(PidsLimit > 0 ? { pids: PidsLimit } : {}),
    },
    mounts: Mounts.map(({ Type, Name, Source, Destination, RW }) => {
      const source = Type === "volume" ? `volume ${Name ?? ""}` : Source || Type;
      return escapeUnprintable(shorten(`${source} at ${Destination} (${RW ? "rw" : "ro"})`, MAX_MOUNT));
    }),
    variables: Config.Env.map((entry) => escapeUnprintable(shorten(entry.split("=", 1)[0] ?? "", MAX_MOUNT))),
    processes,
  };
}

/** Arguments of processes may hold secrets: the program alone is told. */
async function processesOf(engine: Engine, id: string): Promise<readonly string[]> {
  const query = { ps_args: "-eo pid,comm" };
  const top = await engine.call(
    { method: "GET", path: enginePath`/containers/${id}/top`, query, limitMs: LIMIT_MS },
    Top,
  );
  return top.Processes.slice(0, MAX_PROCESSES).map((row) => escapeUnprintable(row.join(" ")));
}

/** Milliseconds since the last line, by its timestamp. */
async function lastOutput(engine: Engine, clock: Clock, id: string): Promise<number | undefined> {
  const stream = await engine.open({
    method: "GET",
    path: enginePath`/containers/${id}/logs`,
    query: { stdout: true, stderr: true, timestamps: true, tail: 1 },
    limitMs: LIMIT_MS,
  });
  const timer = clock.after(LIMIT_MS, () => stream.destroy());
  try {
    const read = createFrameReader();
    let first = "";
    for await (const chunk of stream) {
      for (const payload of read(chunk)) first ||= Buffer.from(payload.subarray(0, 40)).toString("latin1");
    }
    const at = Date.parse(first.split(" ", 1)[0] ?? "");
    return Number.isNaN(at) ? undefined : Math.max(0, clock.epoch() - at);
  } finally {
    timer.cancel();
    stream.destroy();
  }
}

import * as v from "valibot";
import { cgroupUsage } from "../../host/cgroup-usage.ts";
import type { TaskUsage } from "../../operator/task-view.ts";
import { type Clock, pause } from "../../support/clock.ts";
import type { Engine } from "../engine/engine.ts";
import { enginePath } from "../engine/engine-path.ts";

const Figure = v.optional(v.number(), 0);
const Cpu = v.object({
  cpu_usage: v.optional(v.object({ total_usage: Figure }), {}),
  system_cpu_usage: Figure,
  online_cpus: Figure,
});
/** `GET /containers/{id}/stats`, as far as it is used; all of it is missing of a container that has just ended. */
const Stats = v.object({
  cpu_stats: Cpu,
  precpu_stats: v.optional(Cpu, {}),
  memory_stats: v.optional(
    v.object({ usage: Figure, limit: Figure, stats: v.optional(v.record(v.string(), v.number()), {}) }),
    {},
  ),
  pids_stats: v.optional(v.object({ current: v.optional(v.number()) }), {}),
});
const Pid = v.object({ State: v.object({ Pid: v.number() }) });

/** Between two looks: what a CPU does is told by two. */
const BETWEEN_MS = 80;
const LIMIT_MS = 3_000;

/**
 * What these containers use, by the kernel's files where they run on this machine, else by the engine, which takes a second
 * or two. One that cannot be told is left out. Never rejects.
 */
export async function usageOf(
  engine: Engine,
  clock: Clock,
  ids: readonly string[],
): Promise<ReadonlyMap<string, TaskUsage>> {
  const pids = await Promise.all(ids.map((id) => pidOf(engine, id)));
  const look = () => ids.map((id, index) => cgroupUsage(pids[index] ?? 0, id));
  const before = look();
  const begun = clock.now();
  if (before.some((one) => one !== undefined)) await pause(clock, BETWEEN_MS);
  const after = look();
  const tookMs = Math.max(1, clock.now() - begun);
  const usage = new Map<string, TaskUsage>();
  await Promise.all(
    ids.map(async (id, index) => {
      const [first, second] = [before[index], after[index]];
      if (first === undefined || second === undefined) {
        const told = await toldByEngine(engine, id).catch(() => undefined);
        if (told !== undefined) usage.set(id, told);
        return;
      }
      const { cpuNanoseconds, ...rest } = second;
      const percent = (cpuNanoseconds - first.cpuNanoseconds) / 1e4 / tookMs;
      usage.set(id, { cpuPercent: Math.max(0, Math.round(percent)), ...rest });
    }),
  );
  return usage;
}

async function pidOf(engine: Engine, id: string): Promise<number> {
  const path = enginePath`/containers/${id}/json`;
  return await engine.call({ method: "GET", path, limitMs: LIMIT_MS }, Pid).then(
    ({ State }) => State.Pid,
    () => 0,
  );
}

async function toldByEngine(engine: Engine, id: string): Promise<TaskUsage> {
  const path = enginePath`/containers/${id}/stats`;
  const stats = await engine.call({ method: "GET", path, query: { stream: false }, limitMs: LIMIT_MS }, Stats);
  const { cpu_stats: cpu, precpu_stats: before } = stats;
  const used = (cpu.cpu_usage.total_usage ?? 0) - (before.cpu_usage?.total_usage ?? 0);
  const passed = cpu.system_cpu_usage - (before.system_cpu_usage ?? 0);
  const { usage = 0, limit = 0, stats: memory = {} } = stats.memory_stats;
  const { current } = stats.pids_stats;
  return {
    cpuPercent: passed > 0 ? Math.max(0, Math.round((used / passed) * 100 * Math.max(1, cpu.online_cpus))) : 0,
    memory: Math.max(0, usage - (memory.inactive_file ?? memory.total_inactive_file ?? 0)),
    ...(limit > 0 ? { memoryLimit: limit } : {}),
    ...(current === undefined ? {} : { processes: current }),
  };
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { assignment } from "../../test/support/assignment-builder.ts";
import { type BenchContext, simpleTask } from "./bench-context.ts";
import type { BenchWorker } from "./bench-worker.ts";
import type { Figure } from "./figure.ts";
import { sideBySide, timed } from "./side-by-side.ts";
import { growthPerStep, median, noiseAroundGrowth } from "./statistics.ts";

const TASKS_AT_ONCE = 40;
const PROBES = 15;
const MANY_TASKS = 1000;
const LANES = 10;
/** A container that stays until it is told to stop. */
const STAY = "trap 'exit 0' TERM; sleep 3600 & wait";

/** From the start of the process to its open link, against the Docker CLI asking the same daemon for its version. */
export async function measureStart(context: BenchContext): Promise<Figure[]> {
  const { environment } = context;
  let started = 0;
  const start = async () => {
    started += 1;
    const { worker, startMs } = await context.freshWorker(`start-${started}`);
    await worker.stop();
    return startMs;
  };
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: join(environment.folder, "home"),
    DOCKER_HOST: environment.dockerHost,
  };
  const version = () =>
    timed(async () => {
      const child = Bun.spawn(["docker", "version"], { env, stdio: ["ignore", "ignore", "ignore"] });
      if ((await child.exited) !== 0) throw new Error("docker version failed");
    });
  await start();
  await version();
  const { bare, ...figures } = await sideBySide(context, context.rounds(15), start, version);
  const limit = { mustHold: 2.5, goal: 2 };
  const common = { name: "start", title: "Start to connected", unit: "ms" } as const;
  return [{ ...common, ...figures, bare: { what: "docker version, as a process", value: bare }, limit }];
}

/** A worker's memory at rest and with 40 tasks, and how soon it claims one more while these run. */
export async function measureLoad(context: BenchContext): Promise<Figure[]> {
  const { worker } = await context.freshWorker("load");
  await Bun.sleep(3000);
  const idle = await memoryOf(worker);
  const stay = simpleTask(context, STAY);
  const staying = Array.from({ length: TASKS_AT_ONCE }, () => assignment(stay));
  await Promise.all(staying.map((data) => worker.oz.assign(data)));
  const running = () => worker.process.lines.filter((line) => line.includes("task started")).length >= TASKS_AT_ONCE;
  while (!running()) {
    context.interruption.throwIfAborted();
    await Bun.sleep(100);
  }
  await Bun.sleep(2000);
  const busy = await memoryOf(worker);

  const claims: number[] = [];
  for (let probe = 0; probe < context.rounds(PROBES); probe += 1) {
    context.interruption.throwIfAborted();
    const data = assignment(simpleTask(context));
    await worker.oz.assign(data);
    claims.push(await worker.claimMs(data.task_id));
    await worker.oz.waitForResult(data.task_id, 60_000);
    await worker.settled([data]);
  }
  for (const { task_id } of staying) await worker.oz.cancel(task_id);
  for (const { task_id } of staying) await worker.oz.waitForResult(task_id, 120_000);
  await worker.settled(staying);
  await worker.stop();

  const worst = Math.max(...claims);
  return [
    {
      name: "claim-under-load",
      title: `Assignment to claim while ${TASKS_AT_ONCE} tasks run`,
      unit: "ms",
      worker: median(claims),
      rounds: claims.length,
      limit: { mustHold: 50 },
      note: `at most ${worst.toFixed(1)} ms`,
    },
    memoryFigure("memory-idle", "Memory at rest", idle, { mustHold: 60, goal: 45 }),
    {
      ...memoryFigure("memory-40", `Memory that ${TASKS_AT_ONCE} running tasks add`, busy, { mustHold: 25 }),
      worker: Math.max(0, busy.rss - idle.rss),
      note: `${busy.rss.toFixed(1)} MiB in all, ${busy.pss.toFixed(1)} MiB proportional`,
    },
  ];
}

/** A worker's memory after every 100 of 1,000 tasks. */
export async function measureManyTasks(context: BenchContext): Promise<Figure[]> {
  const { worker } = await context.freshWorker("many");
  const task = simpleTask(context);
  const samples: Memory[] = [];
  for (let done = 0; done < MANY_TASKS; done += 100) {
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        for (let nth = 0; nth < 100 / LANES; nth += 1) {
          context.interruption.throwIfAborted();
          await worker.run(task);
        }
      }),
    );
    await Bun.sleep(2000);
    samples.push(await memoryOf(worker));
    context.say(`${done + 100} tasks: ${samples.at(-1)?.rss.toFixed(1)} MiB`);
  }
  await worker.stop();
  // The first two hundred fill what is filled once.
  const figures = samples.slice(2).map(({ rss }) => rss);
  const growth = growthPerStep(figures) * (figures.length - 1);
  return [
    {
      name: "memory-1000",
      title: "Memory growth over 1,000 tasks, against its noise",
      unit: "MiB",
      worker: Math.max(0, growth),
      rounds: MANY_TASKS,
      limit: { mustHold: noiseAroundGrowth(figures) },
      note: `after each 100: ${samples.map(({ rss }) => rss.toFixed(0)).join(", ")} MiB`,
    },
  ];
}

interface Memory {
  /** MiB. */
  readonly rss: number;
  readonly pss: number;
}

/** proc(5), smaps_rollup: figures in kB. */
async function memoryOf(worker: BenchWorker): Promise<Memory> {
  const text = await readFile(`/proc/${worker.process.pid}/smaps_rollup`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1024;
  return { rss: field("Rss"), pss: field("Pss") };
}

function memoryFigure(name: string, title: string, memory: Memory, limit: NonNullable<Figure["limit"]>): Figure {
  const note = `resident; ${memory.pss.toFixed(1)} MiB proportional`;
  return { name, title, unit: "MiB", worker: memory.rss, rounds: 1, limit, note };
}

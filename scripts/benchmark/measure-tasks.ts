import { sidecarImage } from "../../test/support/images.ts";
import { nowMs } from "../../test/support/oz-events.ts";
import type { PushedImage } from "../../test/support/push-image.ts";
import { Relay } from "../../test/support/relay.ts";
import { type BenchContext, bareBody, simpleTask } from "./bench-context.ts";
import type { Figure } from "./figure.ts";
import { sideBySide, timed } from "./side-by-side.ts";
import { StartTimes } from "./start-times.ts";
import { median, spread } from "./statistics.ts";

const BARE = "create, start, wait";
const FAR_DELAY_MS = 40;

/** One task after another: from assignment to result, against a container from its creation to its end. */
export async function measureOneTask(context: BenchContext): Promise<Figure[]> {
  const worker = await context.worker();
  const task = simpleTask(context);
  await worker.run(task);
  const body = await bareBody(context, task);
  using starts = await StartTimes.watch(context.environment.dockerHost.slice("unix://".length));
  const started = { worker: [] as number[], bare: [] as number[] };
  const figures = await sideBySide(
    context,
    context.rounds(25),
    async () => {
      const { ms, taskId, sentAt } = await worker.runTask(task);
      started.worker.push(starts.since(sentAt, taskId));
      return ms;
    },
    async () => {
      const from = nowMs();
      const { ms, ids } = await runBare(context, [body]);
      for (const id of ids) started.bare.push(starts.since(from, id));
      return ms;
    },
  );
  const startFigures = {
    worker: median(started.worker),
    bare: median(started.bare),
    rounds: figures.rounds,
    spread: Math.max(spread(started.worker), spread(started.bare)),
  };
  // What a worker must do besides, whatever it is made of: the registry decides which image a task gets.
  const images = [context.agent.reference, context.sidecar.reference];
  const pullBoth = () => Promise.all(images.map((image) => context.bare.pull(image)));
  const asked = await sideBySide(
    context,
    context.rounds(25),
    () => worker.run(task),
    async () => (await runBare(context, [body], undefined, pullBoth)).ms,
  );
  return [
    comparison("one-task", "One task at a time", BARE, figures, { mustHold: 1.08, goal: 1 }),
    comparison("one-task-start", "Until its container is started", "create, start", startFigures),
    comparison("one-task-pulled", "The same, both images asked for", `pulls beside ${BARE}`, asked),
  ];
}

/** Twenty and forty tasks at once, until the last result. */
export async function measureBursts(context: BenchContext): Promise<Figure[]> {
  const worker = await context.worker();
  const task = simpleTask(context);
  await worker.run(task);
  const body = await bareBody(context, task);
  const burst = async (count: number, rounds: number) => {
    const bodies = Array.from({ length: count }, () => body);
    return await sideBySide(
      context,
      rounds,
      async () => (await worker.runAtOnce(count, task)).ms,
      async () => (await runBare(context, bodies)).ms,
    );
  };
  const twenty = await burst(20, context.rounds(15));
  const forty = await burst(40, context.rounds(3));
  return [
    comparison("burst-20", "A burst of 20 tasks", `20 times ${BARE}`, twenty, { mustHold: 1.05 }),
    comparison("burst-40", "40 tasks at once", `40 times ${BARE}`, forty),
  ];
}

/**
 * A registry that is 40 ms away, each way and on every byte, with an image, its sidecar and one more sidecar, all of
 * which are here already: the registry is asked whether anything moves.
 */
export async function measureFarRegistry(context: BenchContext): Promise<Figure[]> {
  const worker = await context.worker();
  const { environment, bare } = context;
  const tools = await sidecarImage(environment, { name: "tools", files: [{ path: "tool", content: "a tool\n" }] });
  const relay = await Relay.start({ port: Number(environment.registry.split(":")[1]) });
  try {
    relay.delay(FAR_DELAY_MS);
    const far = ({ reference }: PushedImage) => reference.replace(environment.registry, `127.0.0.1:${relay.port}`);
    const task = {
      ...simpleTask(context),
      docker_image: far(context.agent),
      sidecar_image: far(context.sidecar),
      additional_sidecars: [{ image: far(tools), mount_path: "/tools" }],
    };
    await worker.run(task);
    const body = await bareBody(context, task);
    const images = [context.agent, context.sidecar, tools].map(far);
    const figures = await sideBySide(
      context,
      context.rounds(9),
      () => worker.run(task),
      async () => (await runBare(context, [body], () => Promise.all(images.map((image) => bare.pull(image))))).ms,
    );
    const title = "A registry 40 ms away, three images";
    return [comparison("far-registry", title, `pulls side by side, ${BARE}`, figures, { mustHold: 1.6, goal: 1.4 })];
  } finally {
    relay.stop();
  }
}

async function runBare(
  context: BenchContext,
  bodies: readonly object[],
  before: () => Promise<unknown> = async () => {},
  beside?: () => Promise<unknown>,
): Promise<{ readonly ms: number; readonly ids: readonly string[] }> {
  const { bare } = context;
  let ids: readonly string[] = [];
  const ms = await timed(async () => {
    await before();
    ids = await Promise.all(bodies.map((body) => bare.run(body, beside)));
  });
  await Promise.all(ids.map((id) => bare.remove(id)));
  await Bun.sleep(30);
  return { ms, ids };
}

function comparison(
  name: string,
  title: string,
  what: string,
  figures: Awaited<ReturnType<typeof sideBySide>>,
  limit?: NonNullable<Figure["limit"]>,
): Figure {
  const { worker, bare, rounds, spread } = figures;
  const common = { name, title, unit: "ms", worker, bare: { what, value: bare }, rounds, spread } as const;
  return limit === undefined ? common : { ...common, limit };
}

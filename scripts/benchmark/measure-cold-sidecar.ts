import { bigSidecarImage } from "../../test/support/images.ts";
import type { PushedImage } from "../../test/support/push-image.ts";
import { type BenchContext, publishedContent, simpleTask } from "./bench-context.ts";
import type { BenchWorker } from "./bench-worker.ts";
import type { Figure } from "./figure.ts";
import { sideBySide, timed } from "./side-by-side.ts";

const FOLDER = "/bench-target";

/** The first task with a sidecar whose image is here and whose content is not, over one that finds the content. */
export async function measureColdSidecars(context: BenchContext): Promise<Figure[]> {
  const large = await bigSidecarImage(context.environment, { name: "large", megabytes: 150, fileCount: 150 });
  const many = await bigSidecarImage(context.environment, { name: "many", megabytes: 20, fileCount: 5000 });
  return [
    await measure(context, "cold-150mb", "Cold sidecar, 150 MB in 150 files", large),
    await measure(context, "cold-5000-files", "Cold sidecar, 5,000 small files", many),
  ];
}

async function measure(context: BenchContext, name: string, title: string, image: PushedImage): Promise<Figure> {
  const worker = await context.worker();
  const task = { ...simpleTask(context), sidecar_image: image.reference };
  await worker.run(task);
  const cold = async () => {
    await dropContent(context, image);
    await flushDisk();
    const first = await worker.run(task);
    return first - (await warm(worker, task));
  };
  const { bare, ...figures } = await sideBySide(context, context.rounds(7), cold, () => copyBare(context, image));
  return {
    name,
    title,
    unit: "ms",
    ...figures,
    bare: { what: "export piped into an archive PUT", value: bare },
    limit: { mustHold: 1.1, goal: 0.6 },
    note: "over a warm task",
  };
}

async function warm(worker: BenchWorker, task: Parameters<BenchWorker["run"]>[0]): Promise<number> {
  const [first, second] = [await worker.run(task), await worker.run(task)];
  return Math.min(first, second);
}

async function dropContent({ bare }: BenchContext, image: PushedImage): Promise<void> {
  const { placeholder, volume } = await publishedContent(bare, image.reference);
  await bare.remove(placeholder);
  await bare.removeVolume(volume);
}

/** What the engine needs for the copy alone: nothing but the export and the PUT is timed. */
async function copyBare({ bare, environment }: BenchContext, image: PushedImage): Promise<number> {
  const volume = `${environment.run}-copy`;
  const common = { Image: image.reference, Cmd: ["-"], Labels: { "oz-bench.run": environment.run } };
  await bare.createVolume(volume, common.Labels);
  const source = await bare.create(common);
  const mount = { Type: "volume", Source: volume, Target: FOLDER, VolumeOptions: { NoCopy: true } };
  const target = await bare.create({ ...common, HostConfig: { Mounts: [mount] } });
  await flushDisk();
  const ms = await timed(() => bare.copy(source, target, FOLDER));
  await bare.remove(source);
  await bare.remove(target);
  await bare.removeVolume(volume);
  return ms;
}

/** What was written before must not be on its way to the disk while something is measured. */
async function flushDisk(): Promise<void> {
  await Bun.spawn(["sync"], { stdio: ["ignore", "ignore", "ignore"] }).exited;
}

import { bigSidecarImage } from "../../test/support/images.ts";
import type { PushedImage } from "../../test/support/push-image.ts";
import { type BenchContext, publishedContent, simpleTask } from "./bench-context.ts";
import type { Figure } from "./figure.ts";
import { sideBySide, timed } from "./side-by-side.ts";

const FOLDER = "/bench-target";

/** The first task with a sidecar whose image is here and whose content is not, over one that finds the content. */
export async function measureColdSidecars(context: BenchContext): Promise<Figure[]> {
  const large = await bigSidecarImage(context.environment, { name: "large", megabytes: 150, fileCount: 150 });
  const many = await bigSidecarImage(context.environment, { name: "many", megabytes: 20, fileCount: 5000 });
  const largeFigure = await measure(context, "cold-150mb", "Cold sidecar, 150 MB in 150 files", large);
  return [
    { ...largeFigure, limit: { mustHold: 1.1, goal: 0.6 } },
    // The disk's journal decides this one: single runs of either side are too far apart for a limit.
    await measure(context, "cold-5000-files", "Cold sidecar, 5,000 small files", many),
  ];
}

async function measure(context: BenchContext, name: string, title: string, image: PushedImage): Promise<Figure> {
  const { bare, environment } = context;
  const worker = await context.worker();
  const task = { ...simpleTask(context), sidecar_image: image.reference };
  const copy = `${environment.run}-${name}`;
  let drop = () => dropContent(context, image);
  await worker.run(task);
  const isMounted = (await publishedContent(bare, image.reference)) === undefined;
  // Both sides write where a copy was removed just before: a disk is slower after that.
  const cold = async () => {
    await drop();
    await flushDisk();
    const first = await worker.run(task);
    drop = () => dropContent(context, image);
    return first - Math.min(await worker.run(task), await worker.run(task));
  };
  const bareCopy = async () => {
    await drop();
    const ms = await copyBare(context, image, copy);
    drop = () => bare.removeVolume(copy);
    return ms;
  };
  const figures = await sideBySide(context, context.rounds(9), cold, bareCopy);
  await drop();
  return {
    name,
    title,
    unit: "ms",
    ...figures,
    bare: { what: "export piped into an archive PUT", value: figures.bare },
    note: isMounted ? "over a warm task; the image is mounted" : "over a warm task",
  };
}

async function dropContent({ bare }: BenchContext, image: PushedImage): Promise<void> {
  const content = await publishedContent(bare, image.reference);
  if (content === undefined) return;
  await bare.remove(content.placeholder);
  await bare.removeVolume(content.volume);
}

/** What the engine needs for the copy alone: nothing but the export and the PUT is timed. The volume stays. */
async function copyBare({ bare, environment }: BenchContext, image: PushedImage, volume: string): Promise<number> {
  const common = { Image: image.reference, Cmd: ["-"], Labels: { "oz-bench.run": environment.run } };
  await bare.createVolume(volume, common.Labels);
  const source = await bare.create(common);
  const mount = { Type: "volume", Source: volume, Target: FOLDER, VolumeOptions: { NoCopy: true } };
  const target = await bare.create({ ...common, HostConfig: { Mounts: [mount] } });
  await flushDisk();
  const ms = await timed(() => bare.copy(source, target, FOLDER));
  await bare.remove(source);
  await bare.remove(target);
  return ms;
}

/** What was written before must not be on its way to the disk while something is measured. */
async function flushDisk(): Promise<void> {
  await Bun.spawn(["sync"], { stdio: ["ignore", "ignore", "ignore"] }).exited;
}

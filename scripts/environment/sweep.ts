import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { bridgesOf, removeBridge } from "./bridges.ts";
import { listObjects, removeObjects } from "./engine-objects.ts";
import { findProcesses, signalProcess } from "./processes.ts";
import { findRuns, isOwnerGone } from "./run.ts";

/** Ends the processes and removes the folders of runs that were killed. Answers those runs. */
export async function sweepMachine(folder: string = tmpdir()): Promise<readonly string[]> {
  const entries = (await readdir(folder)).flatMap((name) => {
    const run = findRuns(name)[0];
    return run !== undefined && name.startsWith(run) && isOwnerGone(run) ? [{ name, run }] : [];
  });
  const runs = [...new Set(entries.map(({ run }) => run))];
  for (const run of runs) {
    await endProcesses(run, 15_000);
    await removeBridges(run);
  }
  for (const { name } of entries) {
    // Another user's rubbish is that user's next run's to remove.
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
  }
  return runs;
}

/** Removes the bridges that carry the mark of a run; one that is just going is no failure. */
export async function removeBridges(run: string): Promise<void> {
  for (const name of bridgesOf(run)) await removeBridge(name).catch(() => {});
}

/** Removes from a daemon what killed runs left there. Answers those runs. */
export async function sweepEngine(docker: Docker): Promise<readonly string[]> {
  const objects = await listObjects(docker);
  const runs = findRuns(objects.map(({ text }) => text).join("\n")).filter((run) => isOwnerGone(run));
  for (const run of runs) await removeObjects(docker, run);
  return runs;
}

/** Ends every process that names `mark`: SIGTERM, and SIGKILL to what is still there after `graceMs`. */
export async function endProcesses(mark: string, graceMs: number): Promise<void> {
  for (const { pid } of findProcesses(mark)) signalProcess(pid, "SIGTERM");
  for (let waited = 0; waited < graceMs && findProcesses(mark).length > 0; waited += 100) await Bun.sleep(100);
  for (const { pid } of findProcesses(mark)) signalProcess(pid, "SIGKILL");
}

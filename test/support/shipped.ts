import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isProblem } from "../../scripts/environment/problem.ts";
import { buildBinary } from "../../scripts/release/build-binary.ts";
import { REACHED } from "../../scripts/release/left-out-modules.ts";
import { makeImage } from "../../scripts/release/make-image.ts";
import { sourceState } from "../../scripts/release/source-state.ts";
import { TARGETS, type Target } from "../../scripts/release/targets.ts";
import { createEngine } from "../../src/docker/engine/engine.ts";
import type { TestEnvironment } from "./environment.ts";
import { startWorker, type WorkerExit, type WorkerProcess } from "./worker-process.ts";

/** A binary for this machine. */
export interface ShippedBinary extends AsyncDisposable {
  readonly path: string;
}

/** The target that runs on this machine. */
export function nativeTarget(): Target {
  const target = TARGETS.find(({ isNative }) => isNative);
  if (target === undefined) throw new Error("binaries are made for linux on amd64 and arm64, and tested there");
  return target;
}

const quiet = () => {};

/** The binary that OZ_TEST_WORKER_BIN names, else one that is built of the sources and removed in the end. */
export async function shippedBinary(given = process.env.OZ_TEST_WORKER_BIN): Promise<ShippedBinary> {
  if (given) return { path: given, async [Symbol.asyncDispose]() {} };
  const folder = await mkdtemp(join(tmpdir(), "oz-agent-worker-binary-"));
  const path = join(folder, "oz-agent-worker");
  const problem = await buildBinary(nativeTarget(), (await sourceState()).commit, path, quiet);
  if (problem !== undefined) throw new Error(problem.problem);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true });
    },
  };
}

/** Makes the image of a binary under a name of this run, with which it is removed. Answers the name. */
export async function shippedImage(environment: TestEnvironment, binary: ShippedBinary): Promise<string> {
  const engine = createEngine(environment.docker.modem);
  const reference = `${environment.name("worker")}:dev`;
  const image = await makeImage({ target: nativeTarget(), engine, reference, binary: binary.path, say: quiet });
  if (isProblem(image)) throw new Error(image.problem);
  return reference;
}

/** Starts a binary without any environment: neither PATH nor HOME. */
export function startBare(path: string, args: readonly string[], cwd: string): WorkerProcess {
  return startWorker({ command: ["env", "-i", path], args, cwd });
}

/** Runs a binary to its end, without any environment. */
export async function runBare(path: string, args: readonly string[], cwd = "/"): Promise<WorkerExit> {
  await using worker = startBare(path, args, cwd);
  return await worker.exited;
}

/** Ends a worker as an operator does; throws where it does not end in order, or has reached what is left out of it. */
export async function stopInOrder(worker: WorkerProcess): Promise<WorkerExit> {
  worker.kill("SIGTERM");
  const late = setTimeout(() => worker.kill("SIGKILL"), 15_000);
  const exit = await worker.exited;
  clearTimeout(late);
  if (exit.code !== 0 || exit.stderr.includes(REACHED)) {
    throw new Error(`ended with ${exit.code}:\n${exit.stderr}`);
  }
  return exit;
}

import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { removeObjects } from "./engine-objects.ts";
import { findDaemon } from "./find-daemon.ts";
import { startPrivateDaemon } from "./private-daemon.ts";
import { isProblem, messageOf, type Problem } from "./problem.ts";
import { ensurePrograms } from "./programs.ts";
import { startRegistry } from "./registry.ts";
import { DOCKER_CLI, type Requirement, TEST_REQUIREMENTS } from "./requirements.ts";
import { createRun, type RunKind } from "./run.ts";
import { sweepEngine, sweepMachine } from "./sweep.ts";

/** A Docker daemon and a registry, for one run. */
export interface RunningEnvironment {
  /** Prefix of every name of this run. */
  readonly run: string;
  /** `unix:///...` */
  readonly dockerHost: string;
  /** `127.0.0.1:PORT`, plain HTTP. */
  readonly registry: string;
  /** Path of a static busybox. */
  readonly busybox: string;
  /** A folder of this run's own, removed at its end. */
  readonly folder: string;
  readonly docker: Docker;
  /** Removes everything of this run; answers what could not be removed. Ends only what this run started. */
  stop(): Promise<readonly string[]>;
}

/** What a kind of run needs beside daemon, registry and busybox. */
const REQUIREMENTS: Readonly<Record<RunKind, readonly Requirement[]>> = {
  test: TEST_REQUIREMENTS,
  demo: [],
  bench: [DOCKER_CLI],
};

/** Starts what is not there yet, in the order registry, daemon. On a problem nothing is left running. */
export async function startEnvironment(
  kind: RunKind,
  say: (line: string) => void,
): Promise<RunningEnvironment | Problem> {
  if (process.platform !== "linux")
    return { problem: "this needs Linux: the images are made of this machine's busybox" };
  for (const run of await sweepMachine()) say(`Removed what the killed run ${run} had left`);
  const programs = await ensurePrograms(REQUIREMENTS[kind], say);
  if (isProblem(programs)) return programs;

  const run = createRun(kind);
  const folder = join(tmpdir(), run);
  await mkdir(folder, { mode: 0o700 });
  // Undone in reverse order.
  const undo: Array<() => Promise<readonly string[]>> = [silently(() => rm(folder, { recursive: true, force: true }))];
  const stop = async () => {
    const failures: string[] = [];
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
      try {
        failures.push(...(await step()));
      } catch (thrown) {
        failures.push(messageOf(thrown));
      }
    }
    return failures;
  };

  const registry = await startRegistry(programs.registry, folder, run);
  if (isProblem(registry)) {
    await stop();
    return registry;
  }
  undo.push(silently(registry.stop));

  const daemon = await useDaemon(registry.address, folder, run, say, kind === "bench");
  if (isProblem(daemon)) {
    await stop();
    return daemon;
  }
  undo.push(silently(daemon.stop));

  const docker = new Docker({ socketPath: daemon.socketPath });
  for (const old of await sweepEngine(docker)) say(`Removed what the killed run ${old} had left on the Docker daemon`);
  undo.push(() => removeObjects(docker, run));
  const dockerHost = `unix://${daemon.socketPath}`;
  return { run, dockerHost, registry: registry.address, busybox: programs.busybox, folder, docker, stop };
}

function silently(step: () => Promise<void>): () => Promise<readonly string[]> {
  return async () => {
    await step();
    return [];
  };
}

async function useDaemon(
  registry: string,
  folder: string,
  run: string,
  say: (line: string) => void,
  hasNetwork: boolean,
): Promise<{ readonly socketPath: string; stop(): Promise<void> } | Problem> {
  const found = await findDaemon(registry);
  // What was running before stays running.
  if (!isProblem(found)) return { ...found, stop: async () => {} };
  say(`Starting a Docker daemon for this run: ${found.problem}`);
  return startPrivateDaemon(folder, run, say, hasNetwork);
}

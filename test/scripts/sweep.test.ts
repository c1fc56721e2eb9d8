import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addBridge, bridgeName, bridgesOf, removeBridge } from "../../scripts/environment/bridges.ts";
import { objectsOf, removeObjects } from "../../scripts/environment/engine-objects.ts";
import { isStaticExecutable } from "../../scripts/environment/requirements.ts";
import { createRun } from "../../scripts/environment/run.ts";
import { sweepEngine, sweepMachine } from "../../scripts/environment/sweep.ts";
import { testEnvironment } from "../support/environment.ts";
import { agentImage } from "../support/images.ts";

/** A run whose owner was killed. */
async function deadRun(): Promise<string> {
  const child = Bun.spawn(["sleep", "60"], { stdin: "ignore" });
  const run = createRun("test", child.pid);
  child.kill("SIGKILL");
  await child.exited;
  return run;
}

test("what a killed run left on the daemon goes, what a living one has stays", async () => {
  const environment = testEnvironment();
  const { docker } = environment;
  const dead = await deadRun();
  try {
    const { reference } = await agentImage({ ...environment, run: dead });
    const pull = await docker.pull(reference);
    await new Promise((resolve) => docker.modem.followProgress(pull, resolve));
    await docker.createVolume({ Name: `${dead}-data` });
    await docker.createContainer({
      name: `${dead}-task`,
      Image: reference,
      HostConfig: { Binds: [`${dead}-data:/data`] },
    });
    await docker.createNetwork({ Name: `${dead}-net` });
    await docker.createVolume({ Name: environment.name("sweep-alive") });
    expect((await objectsOf(docker, dead)).map(({ kind }) => kind)).toEqual([
      "container",
      "volume",
      "network",
      "image",
    ]);

    expect(await sweepEngine(docker)).toContain(dead);
    expect(await objectsOf(docker, dead)).toEqual([]);
    expect((await docker.getVolume(environment.name("sweep-alive")).inspect()).Name).toBe(
      environment.name("sweep-alive"),
    );
  } finally {
    await removeObjects(docker, dead);
    await docker.getVolume(environment.name("sweep-alive")).remove();
  }
});

test("folders, processes and bridges of a killed run go, those of a living one stay", async () => {
  const dead = await deadRun();
  const alive = createRun("test");
  const folder = await mkdtemp(join(tmpdir(), "sweep-"));
  // An argument of its own marks the process, as the folder of a private daemon does.
  const left = Bun.spawn(["sh", "-c", "while :; do sleep 0.05; done", `${dead}-dockerd`], { stdin: "ignore" });
  const [deadBridge, livingBridge] = [bridgeName(dead), bridgeName(alive)];
  await addBridge(deadBridge, `${dead}-dockerd`);
  await addBridge(livingBridge, alive);
  try {
    for (const name of [dead, `${dead}-more`, alive, "something-else"]) await mkdir(join(folder, name));
    expect(await sweepMachine(folder)).toEqual([dead]);
    expect([bridgesOf(dead), bridgesOf(alive)]).toEqual([[], [livingBridge]]);
    expect([dead, `${dead}-more`, alive, "something-else"].map((name) => existsSync(join(folder, name)))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(await left.exited).not.toBe(0);
  } finally {
    for (const bridge of [deadBridge, livingBridge]) await removeBridge(bridge).catch(() => {});
    left.kill("SIGKILL");
    await rm(folder, { recursive: true });
  }
});

test("a static program is told from one that needs libraries", async () => {
  const bytesOf = (path: string) => Bun.file(path).slice(0, 65_536).bytes();
  expect(isStaticExecutable(await bytesOf(testEnvironment().busybox))).toBe(true);
  expect(isStaticExecutable(await bytesOf(process.execPath))).toBe(false);
  expect(isStaticExecutable(new TextEncoder().encode("#!/bin/sh\n"))).toBe(false);
});

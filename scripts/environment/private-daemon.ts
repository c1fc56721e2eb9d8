import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { addBridge, bridgeName, removeBridge } from "./bridges.ts";
import { messageOf, type Problem } from "./problem.ts";
import { startProcess } from "./processes.ts";
import { ensureDockerd } from "./programs.ts";

/** A Docker daemon that was started for one run and ends with it. */
export interface PrivateDaemon {
  readonly socketPath: string;
  stop(): Promise<void>;
}

/** Where a private daemon keeps everything; a later run finds a killed one's processes by this name. */
export const PRIVATE_DAEMON_FOLDER = "dockerd";

/**
 * Starts dockerd with folders, cgroup and network of its own, beside any other daemon of this machine; needs root.
 * `folder` must exist; its name and `run` mark every process. Its containers have a network where they are to have what
 * any other daemon's have.
 */
export async function startPrivateDaemon(
  folder: string,
  run: string,
  say: (line: string) => void,
  hasNetwork: boolean,
): Promise<PrivateDaemon | Problem> {
  if (process.getuid?.() !== 0) {
    return { problem: "Only root can start a Docker daemon: start Docker, or run this as root" };
  }
  // `--bridge=none` deletes docker0, which belongs to another daemon where it exists.
  const needsBridge = hasNetwork || existsSync("/sys/class/net/docker0");
  const programs = await ensureDockerd(needsBridge, say);
  if ("problem" in programs) return programs;

  const home = join(folder, PRIVATE_DAEMON_FOLDER);
  const socketPath = join(home, "docker.sock");
  const log = join(home, "dockerd.log");
  await mkdir(home, { recursive: true });
  // Flags that the machine's own daemon.json sets as well would be refused.
  await writeFile(join(home, "daemon.json"), "{}");
  const bridge = needsBridge ? bridgeName(run) : "none";
  if (needsBridge) await addBridge(bridge, run);

  const stopAll = async (stopDaemon: () => Promise<void>) => {
    await stopDaemon();
    if (needsBridge) await removeBridge(bridge);
  };
  try {
    const command = daemonCommand(programs.dockerd, home, run, bridge);
    const env = { PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin`, OZ_ENVIRONMENT_RUN: run };
    const daemon = await startProcess(command, { output: { file: log }, env });
    const stop = () => stopAll(() => daemon.stop(20_000));
    if (await answers(socketPath, daemon.exited)) return { socketPath, stop };
    await stop();
    return { problem: `a private Docker daemon did not start: ${lastErrorOf(await readFile(log, "utf8"))}` };
  } catch (thrown) {
    await stopAll(async () => {});
    return { problem: `a private Docker daemon cannot be started: ${messageOf(thrown)}` };
  }
}

function daemonCommand(dockerd: string, home: string, run: string, bridge: string): [string, ...string[]] {
  return [
    "unshare",
    "--mount",
    // Later mounts of the machine are seen in here, those of the daemon never out there.
    "--propagation=slave",
    "sh",
    join(import.meta.dir, "private-dockerd.sh"),
    run,
    dockerd,
    `--host=unix://${join(home, "docker.sock")}`,
    `--config-file=${join(home, "daemon.json")}`,
    `--data-root=${join(home, "data")}`,
    `--exec-root=${join(home, "exec")}`,
    `--pidfile=${join(home, "dockerd.pid")}`,
    // A containerd of the machine is shared, its objects are not.
    `--containerd-namespace=${run}`,
    `--containerd-plugins-namespace=${run}-plugins`,
    `--cgroup-parent=/${run}`,
    "--exec-opt=native.cgroupdriver=cgroupfs",
    `--bridge=${bridge}`,
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--ip-masq=false",
    "--userland-proxy=false",
    "--log-level=warn",
  ];
}

async function answers(socketPath: string, exited: Promise<number>): Promise<boolean> {
  let running = true;
  void exited.then(() => {
    running = false;
  });
  for (let waited = 0; waited < 60_000 && running; waited += 100) {
    if (existsSync(socketPath)) {
      const response = await fetch("http://docker/_ping", { unix: socketPath }).catch(() => undefined);
      if (response?.ok) return true;
    }
    await Bun.sleep(100);
  }
  return false;
}

function lastErrorOf(log: string): string {
  const lines = log.trim().split("\n");
  return lines.findLast((line) => /failed|error|fatal/i.test(line)) ?? lines.at(-1) ?? "no output";
}

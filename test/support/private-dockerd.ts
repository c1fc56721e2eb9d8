import { readlinkSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { addBridge, bridgeName, removeBridge } from "../../scripts/environment/bridges.ts";
import { findProcesses, type OwnProcess, signalProcess, startProcess } from "../../scripts/environment/processes.ts";
import { until } from "./until.ts";

const SETUP = join(import.meta.dir, "../../scripts/environment/private-dockerd.sh");
const PATH = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;

export interface PrivateDockerdOptions {
  /** Marks every process and names the network; of this run. */
  readonly mark: string;
  readonly liveRestore?: boolean;
  /** A folder, perhaps a mount of its own, for images, containers and volumes. */
  readonly dataRoot?: string;
}

/**
 * A Docker daemon of a test's own, to be killed and restarted at will. It lives in a mount namespace that a process of its
 * own keeps, so that a restarted daemon finds the mounts of its containers.
 */
export class PrivateDockerd {
  readonly folder: string;
  readonly socketPath: string;
  readonly docker: Docker;
  readonly #options: PrivateDockerdOptions;
  readonly #bridge: string;
  #keeper: OwnProcess | undefined;
  #daemon: OwnProcess | undefined;

  private constructor(folder: string, options: PrivateDockerdOptions) {
    this.folder = folder;
    this.socketPath = join(folder, "docker.sock");
    this.docker = new Docker({ socketPath: this.socketPath });
    this.#options = options;
    this.#bridge = bridgeName(folder);
  }

  static async start(options: PrivateDockerdOptions): Promise<PrivateDockerd> {
    const folder = await mkdtemp(join(tmpdir(), "oz-dockerd-"));
    const dockerd = new PrivateDockerd(folder, options);
    try {
      await mkdir(join(folder, "home"));
      await writeFile(join(folder, "daemon.json"), "{}");
      await addBridge(dockerd.#bridge, options.mark);
      const keep = ["unshare", "--mount", "--propagation=slave", "sh", SETUP, dockerd.#cgroup, "sleep", "infinity"];
      dockerd.#keeper = await dockerd.#spawn(keep);
      const isApart = () => readlinkSync(`/proc/${dockerd.#keeper?.pid}/ns/mnt`) !== readlinkSync("/proc/self/ns/mnt");
      await until("a mount namespace of its own", isApart);
      await dockerd.up();
    } catch (thrown) {
      await dockerd.stop();
      throw thrown;
    }
    return dockerd;
  }

  /** For DOCKER_HOST. */
  get address(): string {
    return `unix://${this.socketPath}`;
  }

  /** What to put before a command so that it sees the daemon's mounts. It starts in the root folder. */
  get within(): readonly string[] {
    return ["nsenter", `--mount=/proc/${this.#keeper?.pid ?? 0}/ns/mnt`];
  }

  /** Ends the daemon alone: SIGTERM lets it tidy up, SIGKILL does not. Its containers' fate is its own business. */
  async down(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon === undefined) return;
    signalProcess(daemon.pid, signal);
    await daemon.exited;
    await this.#endContainerd();
  }

  /** Starts the daemon (again) and waits until it answers. */
  async up(): Promise<void> {
    const { folder } = this;
    this.#daemon = await this.#spawn([
      ...[...this.within, "dockerd"],
      `--host=${this.address}`,
      `--config-file=${join(folder, "daemon.json")}`,
      `--data-root=${this.#options.dataRoot ?? join(folder, "data")}`,
      `--exec-root=${join(folder, "exec")}`,
      `--pidfile=${join(folder, "dockerd.pid")}`,
      `--cgroup-parent=/${this.#cgroup}`,
      ...["--exec-opt=native.cgroupdriver=cgroupfs", `--bridge=${this.#bridge}`],
      ...["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--userland-proxy=false"],
      // Containers that ignore SIGTERM must not hold a test up.
      ...["--shutdown-timeout=1", "--log-level=warn"],
      ...(this.#options.liveRestore === true ? ["--live-restore"] : []),
    ]);
    await this.#answers(this.#daemon);
  }

  /** Ends everything and removes it. */
  async stop(): Promise<void> {
    if (this.#daemon !== undefined) {
      const containers = await this.docker.listContainers({ all: true }).catch(() => []);
      await Promise.all(
        containers.map(({ Id }) =>
          this.docker
            .getContainer(Id)
            .remove({ force: true, v: true })
            .catch(() => {}),
        ),
      );
    }
    await this.down("SIGTERM");
    this.#endStrays();
    await this.#keeper?.stop(5_000);
    await removeBridge(this.#bridge).catch(() => {});
    await rm(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** A killed daemon's successor forgets some of its containers: their shims, and what runs in them, would live on. */
  #endStrays(): void {
    const shims = findProcesses(this.folder).filter(({ command }) => command.includes("containerd-shim"));
    const contained = findProcesses(this.#cgroup).filter(({ pid }) => pid !== this.#keeper?.pid);
    for (const { pid } of [...shims, ...contained]) signalProcess(pid, "SIGKILL");
  }

  get #cgroup(): string {
    return `${this.#options.mark}-${this.#bridge}`;
  }

  #spawn(command: readonly string[]): Promise<OwnProcess> {
    const [program = "", ...args] = command;
    const env = { PATH, OZ_TEST_RUN: this.#options.mark };
    return startProcess([program, ...args], { output: { file: join(this.folder, "dockerd.log") }, env });
  }

  async #answers(daemon: OwnProcess): Promise<void> {
    let running = true;
    void daemon.exited.then(() => {
      running = false;
    });
    for (let waited = 0; waited < 30_000 && running; waited += 50) {
      if (await this.docker.ping().then(Boolean, () => false)) return;
      await Bun.sleep(50);
    }
    const log = await readFile(join(this.folder, "dockerd.log"), "utf8").catch(() => "");
    throw new Error(`the private dockerd does not answer:\n${log.split("\n").slice(-15).join("\n")}`);
  }

  /**
   * A killed daemon's containerd dies with it. Where nobody reaps it, the next daemon would take the zombie, whose pid
   * is in a file, for one that lives.
   */
  async #endContainerd(): Promise<void> {
    const file = join(this.folder, "exec/containerd/containerd.pid");
    const pid = Number(await readFile(file, "utf8").catch(() => ""));
    if (pid <= 1) return;
    // A zombie has no command line.
    const runs = async () => (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes(this.folder);
    for (let waited = 0; waited < 2_000 && (await runs()); waited += 20) await Bun.sleep(20);
    if (await runs()) signalProcess(pid, "SIGKILL");
    await rm(file, { force: true });
  }
}

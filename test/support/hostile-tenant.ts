import { LABELS, type LabelMap } from "../../src/docker/records/labels.ts";
import { randomToken } from "../../src/docker/records/object-names.ts";
import { currentOwner, encodeOwner } from "../../src/host/owner.ts";
import type { TestEnvironment } from "./environment.ts";
import { Tenant } from "./tenant.ts";

const DEAD = encodeOwner({ ...currentOwner(), pid: 2 ** 22 + 9, start: "1" });
const SUCCESS = JSON.stringify({ kind: "exited", exitCode: 0, oomKilled: false });
const LOOK_EVERY_MS = 40;
/** How many containers he may run: he shares the machine with the test. */
const MAX_CONTAINERS = 60;

/**
 * A tenant who may make volumes and containers of any name and label, and look at everything. He copies the labels of all
 * that a worker makes, with small changes, and takes every name that he can guess, or that becomes free.
 */
export class HostileTenant extends Tenant {
  readonly #environment: TestEnvironment;
  readonly #workerId: string;
  readonly #image: string;
  readonly #seen = new Set<string>();
  /** Names of ours that were there, with their labels, to be taken once they are free. */
  readonly #wanted = new Map<string, { readonly kind: "volume" | "container"; readonly labels: LabelMap }>();
  #looking: Promise<void> = Promise.resolve();
  #isOver = false;
  #containers = 0;
  tookNames = 0;

  constructor(environment: TestEnvironment, workerId: string, image: string) {
    super(environment);
    this.#environment = environment;
    this.#workerId = workerId;
    this.#image = image;
  }

  /** What is there already, as content that other tests have left, would only keep him from what comes. */
  async begin(): Promise<void> {
    await this.pull(this.#image);
    const { docker } = this.#environment;
    const filters = JSON.stringify({ label: [LABELS.kind] });
    for (const { Name } of (await docker.listVolumes({ filters })).Volumes ?? []) this.#seen.add(Name);
    for (const { Names } of await docker.listContainers({ all: true, filters }))
      this.#seen.add(Names[0]?.slice(1) ?? "");
    this.#looking = this.#look();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#looking;
  }

  /** Names of what the workers have left, of all tasks or of one, his own things aside. */
  async leftOfOthers(taskId?: string): Promise<readonly string[]> {
    const label = [`${LABELS.workerId}=${this.#workerId}`];
    if (taskId !== undefined) label.push(`${LABELS.taskId}=${taskId}`);
    const filters = JSON.stringify({ label });
    const { docker } = this.#environment;
    const volumes = (await docker.listVolumes({ filters })).Volumes ?? [];
    const containers = await docker.listContainers({ all: true, filters });
    // Workers that live have leases.
    const records = volumes.filter(({ Labels }) => Labels?.[LABELS.kind] !== "lease");
    const names = [...records.map(({ Name }) => Name), ...containers.map(({ Id }) => Id)];
    return names.filter((name) => !this.has(name));
  }

  async #look(): Promise<void> {
    const { docker } = this.#environment;
    while (!this.#isOver) {
      const filters = JSON.stringify({ label: [LABELS.kind] });
      const [{ Volumes }, containers] = await Promise.all([
        docker.listVolumes({ filters }),
        docker.listContainers({ all: true, filters }),
      ]);
      const there = new Set<string>();
      for (const { Name, Labels } of Volumes ?? []) {
        there.add(Name);
        if (!this.has(Name)) await this.#imitate(Name, "volume", Labels ?? {});
      }
      for (const { Id, Names, Labels } of containers) {
        const name = Names[0]?.slice(1) ?? "";
        there.add(name);
        if (!this.has(Id)) await this.#imitate(name, "container", Labels);
      }
      for (const [name, { kind, labels }] of this.#wanted) {
        if (there.has(name)) continue;
        this.#wanted.delete(name);
        // The same labels, but for one: the owner is dead.
        await this.#take(name, kind, { ...labels, [LABELS.owner]: DEAD });
      }
      await Bun.sleep(LOOK_EVERY_MS);
    }
  }

  async #imitate(name: string, kind: "volume" | "container", labels: LabelMap): Promise<void> {
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    this.#wanted.set(name, { kind, labels });
    const own = () => `${name}-${randomToken()}`.replace(/^oz-agent-worker\./, "tenant-");
    const old = { ...labels, [LABELS.createdAt]: "0" };
    const dead = { ...labels, [LABELS.owner]: DEAD };
    // The very labels, seal and all, under a name of his own; then each changed a little.
    for (const copy of [labels, old, dead]) await this.volume(own(), copy);
    await this.#container(own(), labels, "exit 0");
    await this.#container(own(), { ...dead, [LABELS.kind]: "sidecar-source" }, "sleep 1000");
    const attempt = labels[LABELS.attempt];
    if (attempt === undefined) return;
    const record = { ...dead, [LABELS.verdict]: SUCCESS };
    for (const record_ of ["done", "verdict", "heir"]) {
      const suffix = record_ === "heir" ? ".1" : "";
      await this.#take(`oz-agent-worker.${record_}.${attempt}${suffix}`, "volume", {
        ...record,
        [LABELS.kind]: record_,
      });
    }
    await this.#take(`oz-agent-worker.private.${attempt}.0.${randomToken()}`, "volume", {
      ...dead,
      [LABELS.kind]: "private",
    });
  }

  async #take(name: string, kind: "volume" | "container", labels: LabelMap): Promise<void> {
    if (kind === "container") {
      this.tookNames += (await this.#container(name, labels, "exit 0")) ? 1 : 0;
      return;
    }
    this.tookNames += (await this.volume(name, labels).catch(() => undefined)) === undefined ? 0 : 1;
  }

  async #container(name: string, labels: LabelMap, script: string): Promise<boolean> {
    if (this.#containers >= MAX_CONTAINERS) return false;
    this.#containers += 1;
    try {
      await this.run(this.#image, script, { exactName: name, labels });
      return true;
    } catch {
      // Somebody was faster.
      return false;
    }
  }
}
